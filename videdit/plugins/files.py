"""Plug-ins in single files, and what is said of those that cannot be loaded."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pluggy

from videdit.errors import BrokenPlugin, VideditError

_PREFIX = "videdit_file_plugin_"


def from_environment() -> list[Path]:
    """Return the folders that VIDEDIT_PLUGINS names."""
    return [Path(part) for part in os.environ.get("VIDEDIT_PLUGINS", "").split(os.pathsep) if part]


def itself(plugin: object) -> object:
    """Return what is loaded already."""
    return plugin


def version_of(path: Path) -> str:
    """Return a hash of a file's bytes: it changes when the plug-in in it is edited."""
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return ""


def import_file(path: Path) -> ModuleType:
    """Run a file as a module. Raises whatever the file raises, and leaves no trace of it then."""
    # Named by its place too: files of one name in two folders are two modules, in every process the same two.
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"{_PREFIX}{place}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BrokenPlugin("the file is no Python module", where=str(path))
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look the module up by name while it is being executed.
    before = sys.modules.get(spec.name)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name)
        if before is not None:
            sys.modules[spec.name] = before
        raise
    return module


def forget_file(plugin: object) -> None:
    """Take a module that `import_file` made out of sys.modules; nothing happens to others."""
    if isinstance(plugin, ModuleType) and plugin.__name__.startswith(_PREFIX):
        sys.modules.pop(plugin.__name__, None)


def in_one_line(error: BaseException) -> str:
    """Return what a plug-in raised as it is shown in a list."""
    if isinstance(error, VideditError):
        return " ".join(str(error).split())
    # pluggy tells what is wrong in its last lines, others in their first.
    lines = str(error).splitlines() or [""]
    said = " ".join(lines) if isinstance(error, pluggy.PluginValidationError) else lines[0]
    return f"{type(error).__name__}: {said}"
