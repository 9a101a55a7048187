"""What a person points with: clicks, boxes, strokes, masks and phrases, each on one frame, for one object.

Coordinates are pixels of the upright frame before sample-aspect scaling, origin top left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from videdit.errors import OptionError
from videdit.frames import Mask

_CLOCK = re.compile(r"^(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame number, or a time in seconds from the first frame's time zero; exactly one of the two."""

    frame: int | None = None
    seconds: Fraction | None = None

    def __post_init__(self) -> None:
        if (self.frame is None) == (self.seconds is None):
            raise OptionError("a moment is a frame number or a time, one of the two")
        if (self.frame is not None and self.frame < 0) or (self.seconds is not None and self.seconds < 0):
            raise OptionError("a moment is not negative")

    @classmethod
    def of(cls, at: int | float | str) -> Moment:
        """Take an int for a frame number, a float for seconds, and a text as `parse` does."""
        return cls.parse(f"{at:.6f}s" if isinstance(at, float) else str(at))

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read "12" as frame 12; "2.5s", "00:01:02.5" and "01:02.5" as times. A leading "@" is allowed.

        Raises OptionError that shows the accepted forms.
        """
        plain = text.strip().removeprefix("@")
        if plain.isascii() and plain.isdigit():
            return cls(frame=int(plain))
        match = _CLOCK.match(plain.removesuffix("s"))
        if match is None or (":" not in plain and not plain.endswith("s")):
            raise OptionError(
                f"{text!r} is no moment", next_step="write a frame number (12) or a time (00:01:02.5, 62.5s)"
            )
        hours, minutes, seconds = match.groups()
        return cls(seconds=int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds))

    def __str__(self) -> str:
        if self.frame is not None:
            return str(self.frame)
        assert self.seconds is not None
        return f"{float(self.seconds):.6f}".rstrip("0").rstrip(".") + "s"


FIRST = Moment(frame=0)
DEFAULT_OBJECT = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnOneFrame:
    """at: the frame it is drawn on. object: name of the object it belongs to."""

    at: Moment = FIRST
    object: str = DEFAULT_OBJECT


@dataclass(frozen=True, slots=True)
class Click(_OnOneFrame):
    """A point that belongs to the object, or with `positive=False` one that does not."""

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Box(_OnOneFrame):
    """A rectangle that holds the whole object; x1 and y1 lie outside it (half open)."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise OptionError(
                f"the box {self.x0:g},{self.y0:g},{self.x1:g},{self.y1:g} is empty",
                next_step="write left,top,right,bottom",
            )


@dataclass(frozen=True, slots=True)
class Stroke(_OnOneFrame):
    """A line drawn with a round brush over the object, or with `positive=False` over what is not the object."""

    points: tuple[tuple[float, float], ...]
    radius_px: float = 5.0
    positive: bool = True

    def __post_init__(self) -> None:
        if not self.points or self.radius_px <= 0:
            raise OptionError("a stroke has at least one point and a radius above 0")


@dataclass(frozen=True, slots=True)
class MaskPrompt(_OnOneFrame):
    """A finished mask: a file (PNG; not zero is the object), or pixels; with `positive=False` none of it is the object.

    mask: (H, W) bool of the frame's size; filled from `path` before an engine sees it
    """

    path: Path | None = None
    mask: Mask | None = field(default=None, compare=False)
    positive: bool = True

    def __post_init__(self) -> None:
        if self.path is None and self.mask is None:
            raise OptionError("a mask prompt names a file or carries pixels")


@dataclass(frozen=True, slots=True)
class Phrase(_OnOneFrame):
    """Words for a detector: "the red car", "faces"."""

    text: str


Prompt: TypeAlias = Click | Box | Stroke | MaskPrompt | Phrase
