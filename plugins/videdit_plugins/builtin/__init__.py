"""Plug-ins that come with videdit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.shots import options as shot_options
from videdit_plugins.builtin.tracker.options import TrackerOptions

if TYPE_CHECKING:
    from videdit.filler import Filler
    from videdit.segmenter import Segmenter
    from videdit.shot_detector import ShotDetector
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
        summary="what other frames show, aligned and blended at full size; nothing to download",
    )


def _auto_shots(options: shot_options.AutoOptions, runtime: Runtime) -> ShotDetector:
    from videdit_plugins.builtin.shots.auto import AutoDetector

    return AutoDetector(options, runtime)


def _classic_shots(options: shot_options.ClassicOptions, runtime: Runtime) -> ShotDetector:
    from videdit_plugins.builtin.shots.classic import ClassicDetector

    return ClassicDetector(options, runtime)


@hookimpl
def register_shot_detectors(register: Register) -> None:
    register(
        "auto",
        _auto_shots,
        shot_options.AutoOptions,
        rank=10,
        summary="cuts, dissolves and fades, each by signs of its own; neither flashes nor fast pans",
    )
    for name, (options, summary) in shot_options.CLASSIC.items():
        register(name, _classic_shots, options, summary=summary)
