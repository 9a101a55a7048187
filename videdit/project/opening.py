"""Open a film or a project."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from videdit.plugins import Plugins
from videdit.project.folder import DESCRIPTION_NAME
from videdit.project.project import Project
from videdit.project.runtimes import runtime_for
from videdit.runtime import Runtime


def open_project(
    source: str | Path | None = None,
    project: str | Path | None = None,
    *,
    plugins: Plugins | None = None,
    runtime: Runtime | None = None,
    device: str = "auto",
) -> Project:
    """Open a film, or go on with a project.

    source:  a film, or None to take the project's own
    project: a folder that keeps the work; made if it is new. None keeps it in a temporary folder until `close`.
    plugins: None loads what is installed
    runtime: what engines are made with; None makes one for `device`
    Raises ProjectError if the folder belongs to another film.
    """
    if source is not None and project is None and (Path(source) / DESCRIPTION_NAME).is_file():
        source, project = None, source
    plugins = plugins if plugins is not None else Plugins()
    runtime = runtime if runtime is not None else runtime_for(plugins, device=device)
    temporary = project is None
    folder = Path(tempfile.mkdtemp(prefix="videdit-")) if project is None else Path(project)
    try:
        return Project(folder, source, plugins, runtime, temporary=temporary)
    except BaseException:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)
        raise
