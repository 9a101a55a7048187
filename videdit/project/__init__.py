"""A person's work on one film: prompts, objects, shots, masks and effects in a folder, with undo."""

from videdit.project.description import Description, read_description, read_prompts, write_description
from videdit.project.opening import open_project
from videdit.project.preview import Preview
from videdit.project.project import Project

__all__ = [
    "Description",
    "Preview",
    "Project",
    "open_project",
    "read_description",
    "read_prompts",
    "write_description",
]
