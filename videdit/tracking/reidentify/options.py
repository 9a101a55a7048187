"""What a person may set on looking for objects again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from videdit.errors import OptionError
from videdit.runtime import Options


class ReidentifyOptions(Options):
    """Options of re-identification: looking for an object again after a cut or an occlusion."""

    enabled: bool = Field(True, description="look for objects in shots where nobody pointed, and after they were lost")
    threshold: float = Field(0.75, gt=0, lt=1, description="likeness from which a find is taken, in [0, 1]")
    first_frames: int = Field(3, ge=1, description="frames at the beginning of a shot that are all looked at")
    every_frames: int = Field(12, ge=1, description="distance of the frames looked at after these")
    lost_frames: int = Field(5, ge=1, description="frames that an object is absent before it is looked for in a shot")
    proposals: int = Field(3, ge=1, le=20, description="places on a frame that are looked at closely")
    verify_frames: int = Field(3, ge=0, description="frames a find is tracked before it is taken")
    gallery_frames: int = Field(8, ge=1, le=64, description="frames that an object's looks are learned from")


def check_reidentify_options(given: Mapping[str, Any]) -> ReidentifyOptions:
    """Return the options. Raises OptionError that names the one at fault."""
    try:
        return ReidentifyOptions.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise OptionError(f"reidentify: {key}: {first['msg']}", next_step="see docs/re-identification.md") from error
