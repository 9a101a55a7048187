"""Options of the built-in segmenter; light to import."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from videdit.runtime import Options


class SegmenterOptions(Options):
    """What may be set on the built-in segmenter."""

    motion: bool = Field(default=True, description="Look at neighbouring frames for what moves unlike the camera.")
    weights: Path | None = Field(
        default=None, description="A safetensors file of weights for the network, in place of those that come along."
    )
    hypotheses: int = Field(default=3, ge=1, le=5, description="Give at most this many different masks.")
