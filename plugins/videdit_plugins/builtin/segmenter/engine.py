"""The built-in segmenter."""

from __future__ import annotations

from videdit.runtime import Runtime
from videdit.segmenter import Segmenter
from videdit_plugins.builtin.segmenter.options import SegmenterOptions


class BuiltinSegmenter(Segmenter):
    """Work in progress: the next commit fills it in."""

    def __init__(self, options: SegmenterOptions, runtime: Runtime) -> None:
        self._options = options
        self._runtime = runtime
