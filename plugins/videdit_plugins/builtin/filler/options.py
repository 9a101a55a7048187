"""Options of the built-in filler; light to import."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from videdit.runtime import Options


class FillerOptions(Options):
    """What may be set on the built-in filler."""

    reach_frames: int = Field(
        default=80, ge=1, le=200, description="Look at most this many frames back and ahead for what lies behind."
    )
    alignment_height: int = Field(
        default=0, ge=0, le=2160, description="Estimate motion at this picture height; 0 leaves it to the quality."
    )
    shadows: bool = Field(default=True, description="Take the shadow that a moving object casts away as well.")
    remnants: bool = Field(
        default=True, description="Take what a mask missed of its object away as well, where the ground is known."
    )
    synthesis: bool = Field(
        default=True,
        description="Make up texture where no frame shows anything; without it, colours flow in from around.",
    )
    grain: bool = Field(default=True, description="Give the fill the grain of its surroundings.")
    weights: Path | None = Field(
        default=None,
        description="Other weights of the small network that weighs views (safetensors, from training/weigher).",
    )
