"""Figures of quality: J and F of masks; PSNR, SSIM and flow-warping error of fillings; runs over whole data sets."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videdit.evaluation.clicks import next_click
    from videdit.evaluation.confidence import auroc
    from videdit.evaluation.contours import boundary, boundary_f
    from videdit.evaluation.courses import Course, course_of
    from videdit.evaluation.flicker import Motion, motion_between, warp_error, warp_errors
    from videdit.evaluation.inpainting import InpaintingSettings, evaluate_inpainting
    from videdit.evaluation.noise_ratio import psnr
    from videdit.evaluation.parts import Evaluation
    from videdit.evaluation.prompted import Pointing
    from videdit.evaluation.published import NetworkSettings, evaluate_network
    from videdit.evaluation.regions import jaccard
    from videdit.evaluation.segmenting import SegmentingSettings, evaluate_segmenting
    from videdit.evaluation.similarity import ssim, ssim_map
    from videdit.evaluation.tracking import TrackingSettings, evaluate_tracking

_HOMES = {
    "clicks": ["next_click"],
    "confidence": ["auroc"],
    "contours": ["boundary", "boundary_f"],
    "courses": ["Course", "course_of"],
    "inpainting": ["InpaintingSettings", "evaluate_inpainting"],
    "parts": ["Evaluation"],
    "prompted": ["Pointing"],
    "noise_ratio": ["psnr"],
    "published": ["NetworkSettings", "evaluate_network"],
    "regions": ["jaccard"],
    "segmenting": ["SegmentingSettings", "evaluate_segmenting"],
    "similarity": ["ssim", "ssim_map"],
    "tracking": ["TrackingSettings", "evaluate_tracking"],
    "flicker": ["Motion", "motion_between", "warp_error", "warp_errors"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Course", "Evaluation", "InpaintingSettings", "Motion", "NetworkSettings", "Pointing", "SegmentingSettings",
    "TrackingSettings", "auroc", "boundary", "boundary_f", "course_of", "evaluate_inpainting", "evaluate_network",
    "evaluate_segmenting", "evaluate_tracking", "jaccard", "motion_between", "next_click", "psnr", "ssim", "ssim_map",
    "warp_error", "warp_errors",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Looked up when asked for: a metric alone needs neither PyAV nor the plug-ins.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'videdit.evaluation' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"videdit.evaluation.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
