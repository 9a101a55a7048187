"""Plug-ins that come with videdit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.tracker.options import TrackerOptions

if TYPE_CHECKING:
    from videdit.filler import Filler
    from videdit.segmenter import Segmenter
    from videdit.tracker import Tracker


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


def _tracker(options: TrackerOptions, runtime: Runtime) -> Tracker:
    from videdit_plugins.builtin.tracker.engine import BuiltinTracker

    return BuiltinTracker(options, runtime)


@hookimpl
def register_trackers(register: Register) -> None:
    register(
        "builtin",
        _tracker,
        TrackerOptions,
        rank=10,
        summary="flow, colour, memory and motion, weighed pixel by pixel; nothing to download",
    )


def _filler(options: FillerOptions, runtime: Runtime) -> Filler:
    from videdit_plugins.builtin.filler.engine import BuiltinFiller

    return BuiltinFiller(options, runtime)


@hookimpl
def register_fillers(register: Register) -> None:
    register(
        "builtin",
        _filler,
        FillerOptions,
        rank=10,
        summary="what other frames show, aligned and blended at full size, no network",
    )
