"""videdit: a video editor driven by masks.

import videdit
videdit.open("film.mp4").click(320, 240, at=12).remove().save("clean.mp4")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videdit.detections.steps import DetectionStep
    from videdit.detector import Detection, Detector
    from videdit.effect import PER_FRAME, WHOLE_SHOT, Context, Effect, Patch, ShotView, Window
    from videdit.errors import VideditError
    from videdit.executor import Ended, Executor
    from videdit.filler import MADE_UP, Filled, Filler, LabelSequence, MasksAmongOthers, MaskSequence, ProbableMasks
    from videdit.frames import ArrayFrames, Frame, FrameSequence, Region
    from videdit.hookspecs import hookimpl
    from videdit.objects import Object, Objects
    from videdit.pipeline.steps import EffectStep
    from videdit.plugins import Plugins
    from videdit.project import Project
    from videdit.project import open_project as open  # noqa: A004, F401 - as in `videdit.open`
    from videdit.prompts import Box, Click, MaskPrompt, Moment, Phrase, Prompt, Stroke
    from videdit.runtime import Options, Runtime
    from videdit.segmenter import Hypothesis, Segmenter
    from videdit.shot_detector import ShotChange, ShotDetector
    from videdit.shots import Shot
    from videdit.tracker import Tracked, Tracker

__version__ = "0.1.0"

_HOMES = {
    "videdit.detections.steps": ["DetectionStep"],
    "videdit.detector": ["Detection", "Detector"],
    "videdit.effect": ["PER_FRAME", "WHOLE_SHOT", "Context", "Effect", "Patch", "ShotView", "Window"],
    "videdit.errors": ["VideditError"],
    "videdit.executor": ["Ended", "Executor"],
    "videdit.filler": [
        "MADE_UP",
        "Filled",
        "Filler",
        "LabelSequence",
        "MaskSequence",
        "MasksAmongOthers",
        "ProbableMasks",
    ],
    "videdit.frames": ["ArrayFrames", "Frame", "FrameSequence", "Region"],
    "videdit.hookspecs": ["hookimpl"],
    "videdit.objects": ["Object", "Objects"],
    "videdit.pipeline.steps": ["EffectStep"],
    "videdit.plugins": ["Plugins"],
    "videdit.project": ["Project"],
    "videdit.prompts": ["Box", "Click", "MaskPrompt", "Moment", "Phrase", "Prompt", "Stroke"],
    "videdit.runtime": ["Options", "Runtime"],
    "videdit.segmenter": ["Hypothesis", "Segmenter"],
    "videdit.shot_detector": ["ShotChange", "ShotDetector"],
    "videdit.shots": ["Shot"],
    "videdit.tracker": ["Tracked", "Tracker"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "MADE_UP", "PER_FRAME", "WHOLE_SHOT", "ArrayFrames", "Box", "Click", "Context", "Detection", "DetectionStep",
    "Detector", "Effect", "EffectStep", "Ended", "Executor", "Filled", "Filler", "Frame", "FrameSequence", "Hypothesis",
    "LabelSequence", "MaskPrompt", "MaskSequence", "MasksAmongOthers", "Moment", "Object", "Objects", "Options",
    "Patch", "Phrase", "Plugins", "ProbableMasks", "Project", "Prompt", "Region", "Runtime", "Segmenter", "Shot",
    "ShotChange", "ShotDetector", "ShotView", "Stroke", "Tracked", "Tracker", "VideditError", "Window", "hookimpl",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Looked up when asked for, so that `import videdit` costs next to nothing.
    # `open` is not in __all__: a star import must not hide Python's own.
    home, original = ("videdit.project", "open_project") if name == "open" else (_HOME_OF.get(name), name)
    if home is None:
        raise AttributeError(f"module 'videdit' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), original)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
