"""Plug-ins that come with videdit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.builtin.segmenter.options import SegmenterOptions

if TYPE_CHECKING:
    from videdit.segmenter import Segmenter


def _segmenter(options: SegmenterOptions, runtime: Runtime) -> Segmenter:
    from videdit_plugins.builtin.segmenter.engine import BuiltinSegmenter

    return BuiltinSegmenter(options, runtime)


@hookimpl
def register_segmenters(register: Register) -> None:
    register(
        "builtin",
        _segmenter,
        SegmenterOptions,
        rank=10,
        summary="colour, edges and optical flow in one graph cut; nothing to download",
    )
