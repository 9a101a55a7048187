"""The options of glow."""

from __future__ import annotations

from pydantic import Field

import videdit


class GlowOptions(videdit.Options):
    """How it shines."""

    radius_px: int = Field(default=24, ge=1, le=200, description="how far the light reaches, in pixels")
    strength: float = Field(default=0.8, gt=0, le=1, description="how bright it is, up to 1")
    colour: str = Field(default="#ffd890", pattern="^#[0-9a-fA-F]{6}$", description="colour of the light, as #rrggbb")
