"""A person's work on one film: prompts, objects, shots, masks and effects in a folder, with undo."""

from videdit.project.description import Description, read_description, read_prompts, write_description
from videdit.project.project import Preview, Project, open_project

__all__ = [
    "Description",
    "Preview",
    "Project",
    "open_project",
    "read_description",
    "read_prompts",
    "write_description",
]
