"""What is to be looked for in a film, and how it is followed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from videdit.errors import OptionError
from videdit.plugins import AUTO
from videdit.runtime import Options

# What is drawn from boxes has no holes and no specks, and its room around the thing already.
SHAPING: Mapping[str, Any] = {"grow": "0", "pinholes": "0", "specks": "0"}


class FollowOptions(Options):
    """How often the detector looks, and what is believed between its looks."""

    every: int = Field(5, ge=1, le=100, description="look at every this many frames; optical flow carries on between")
    look_px: int = Field(
        640, ge=64, le=8192, description="the longer side of the picture that the detector gets; small faces need more"
    )
    threshold: float = Field(0.3, ge=0, le=1, description="score from which something new is believed")
    again: float = Field(0.12, ge=0, le=1, description="score from which something followed already is found again")
    alone: float = Field(0.5, ge=0, le=1, description="score that something needs which is found only once")
    hold: int = Field(
        30, ge=0, le=1000, description="frames through which something that is not found is filled in until it is again"
    )
    extend: int = Field(
        8, ge=0, le=1000, description="frames that are covered before the first find and after the last"
    )
    size: float = Field(1.4, ge=1, le=4, description="size of what is covered, of the box that was found")
    shape: Literal["ellipse", "box", "exact"] = Field(
        "ellipse",
        description="what is covered: an ellipse in the box, all of the box, or the exact outline, which segmenter and "
        "tracker find (slow); where they are in doubt the ellipse",
    )
    on_lost: Literal["hold", "frame", "stop"] = Field(
        "hold",
        description="where one is lost from sight in the middle of the picture: hold covers its last place for some "
        "frames; frame covers the whole frame for as long; stop makes no film and names the frames",
    )


@dataclass(frozen=True, slots=True)
class DetectionStep:
    """One kind of thing to be found throughout the film.

    find:     words: "faces", or whatever a detector takes
    object:   what they are called: objects are named "face 1", "face 2"
    detector: its name; "auto" takes the best that is ready for these words
    options:  the detector's, by key
    follow:   keys of FollowOptions
    only:     numbers of those that effects are for; empty means all
    without:  numbers of those that effects leave alone
    boxes:    a file of boxes that is taken in place of looking
    """

    find: str = "faces"
    object: str = ""
    detector: str = AUTO
    options: Mapping[str, Any] = field(default_factory=dict)
    follow: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    boxes: Path | None = None

    @property
    def stem(self) -> str:
        """The beginning of its objects' names."""
        if self.object:
            return self.object
        return "face" if self.find.strip().lower() in ("faces", "face") else self.find.strip()

    def name(self, number: int) -> str:
        """Return the name of the object with that number."""
        return f"{self.stem} {number}"

    def number(self, name: str) -> int | None:
        """Return the number of an object of that name; None if it is none of these."""
        head, _, tail = name.rpartition(" ")
        return int(tail) if head == self.stem and tail.isascii() and tail.isdigit() else None

    def wants(self, number: int) -> bool:
        """Return whether effects are for the one with that number."""
        return (not self.only or number in self.only) and number not in self.without

    def following(self) -> FollowOptions:
        """Return how it is followed. Raises OptionError that names the wrong key."""
        try:
            return FollowOptions.model_validate(dict(self.follow))
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise OptionError(faults, where=f"looking for {self.find!r}") from error

    def boxes_digest(self) -> str:
        """Return the SHA-256 of the file of boxes; empty without one. Raises OptionError if it cannot be read."""
        if self.boxes is None:
            return ""
        try:
            return hashlib.sha256(self.boxes.read_bytes()).hexdigest()
        except OSError as error:
            raise OptionError(f"the boxes cannot be read: {error.strerror}", where=str(self.boxes)) from error
