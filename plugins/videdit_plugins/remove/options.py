"""Options of the remove effect; light to import."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from videdit import Options


class RemoveOptions(Options):
    """What may be set when an object is removed."""

    filler: str = Field(
        default="auto", description="Engine that makes the pixels behind the object; auto: the best for each shot."
    )
    shadows: bool = Field(default=True, description="Take the object's cast shadow away too, if the filler can.")
    remnants: bool = Field(
        default=True, description="Take what the mask missed of the object away too, if the filler can tell."
    )
    check: bool = Field(
        default=True,
        description="Fill a second hole beside the object on a few frames: its error predicts the fill's, and chooses "
        "the filler where that is left open.",
    )
    filler_options: dict[str, Any] = Field(default_factory=dict, description="Further options, by key, of the filler.")
