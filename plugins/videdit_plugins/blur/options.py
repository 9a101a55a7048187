"""The options of the blur effect."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from videdit.ops.lengths import Length
from videdit.runtime import Options

Style: TypeAlias = Literal["pixelate", "gaussian", "solid"]


class BlurOptions(Options):
    """How to hide."""

    style: Style = Field(
        "pixelate",
        description="pixelate: coarse cells with a little noise; solid: one colour, shows nothing at all; "
        "gaussian: soft, but REVERSIBLE: software can name people behind a Gaussian blur, so do not trust it to hide",
    )
    outside: bool = Field(False, description="hide everything but the objects")
    cells: int | None = Field(
        None, ge=1, le=500, description="pixelate: cells across an object; 8 by default (outside: 40 over the height)"
    )
    noise: float = Field(0.04, ge=0, le=0.5, description="pixelate: strength of the noise on the cells, of full scale")
    radius: Length | None = Field(
        None,
        description="gaussian: standard deviation, in pixels (12) or of the object's size (15%, the default); "
        "outside: of the picture's height (2% by default)",
    )
    colour: str = Field("#000000", pattern="^#[0-9a-fA-F]{6}$", description="solid: the colour, as #rrggbb")
