"""What a person may set on Segment Anything."""

from __future__ import annotations

from pydantic import Field

from videdit.runtime import Options


class SamOptions(Options):
    """Options of Segment Anything."""

    frames_kept: int = Field(8, ge=1, le=256, description="frames whose embedding (4 MiB) is kept for more clicks")
    stroke_points: int = Field(5, ge=1, le=32, description="points that a stroke is turned into, at most")
    refine: bool = Field(True, description="look at the best mask of a first click a second time")
