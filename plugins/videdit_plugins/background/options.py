"""The options of the background effect."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from pydantic import AliasChoices, Field, field_validator

from videdit.ops.lengths import Length, length_px
from videdit.runtime import Options

Fit: TypeAlias = Literal["cover", "contain", "stretch"]
Edge: TypeAlias = Literal["hard", "feather", "matte"]

_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")
_CHOICES = "write #rrggbb, image:PATH, video:PATH, blur:LENGTH (blur:25, blur:2%) or transparent"


class BackgroundOptions(Options):
    """What to put behind the objects, and how to cut them out."""

    # A pipeline file reads `with = "#00ff00"`, which Python cannot take as the name of an argument.
    behind: str = Field(
        "blur:2%",
        validation_alias=AliasChoices("behind", "with"),
        description="what to show: #rrggbb, image:PATH, video:PATH, blur:LENGTH (of the film itself) or transparent",
    )
    fit: Fit = Field("cover", description="how an image or video of another shape fills the frame")
    edge: Edge = Field(
        "matte", description="matte: see through hair and blur, slow; feather: a soft line; hard: the mask as it is"
    )
    band: Length = Field(
        "1.5%", description="width of the edge; a matte looks for hair up to twice as far outside the mask"
    )
    loop: bool = Field(True, description="video: begin again when it ends; else its last frame stays")
    offset_seconds: float = Field(0.0, ge=0, description="video: begin this far into it")

    @field_validator("behind")
    @classmethod
    def _is_known(cls, text: str) -> str:
        kind, _, rest = text.partition(":")
        if kind == "blur":
            if length_px(rest, 1.0) < 0:
                raise ValueError(f"{rest!r} is below 0")
        elif not (_COLOUR.match(text) or text == "transparent" or (kind in ("image", "video") and rest)):
            raise ValueError(f"{text!r} is no background; {_CHOICES}")
        return text
