"""The example: two short films made on the spot, with what is true of each frame. Nothing is downloaded."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videdit.example.making import ExamplePaths, make_example

__all__ = ["ExamplePaths", "make_example"]


def __getattr__(name: str) -> Any:
    # Looked up when asked for, because drawing and writing need large libraries.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("videdit.example.making"), name)
