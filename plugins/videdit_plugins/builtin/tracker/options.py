"""What a person may set on the built-in tracker."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from videdit.runtime import Options


class TrackerOptions(Options):
    """Options of the built-in tracker."""

    work_pixels: int = Field(
        440_000, ge=10_000, le=4_000_000, description="frames with more pixels are shrunk to this many for tracking"
    )
    search: bool = Field(True, description="look for a lost object in the whole frame")
    weights: Path | None = Field(
        None, description="other weights of the small network (safetensors, from training/tracker.py), where it is used"
    )
