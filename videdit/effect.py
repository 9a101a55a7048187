"""Effect: frames and masks in, pixels out. The pipeline lays them into the film."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, TypeAlias

from videdit.filler import LabelSequence, MaskSequence
from videdit.frames import Alpha, FrameSequence, Mask, Region, Rgb
from videdit.runtime import Options, Runtime
from videdit.shots import Shot

Where: TypeAlias = Literal["object", "outside", "everywhere"]


@dataclass(frozen=True, slots=True)
class Context:
    """How far an effect looks: `before` and `after` in frames, or the whole shot."""

    before: int = 0
    after: int = 0
    shot: bool = False


PER_FRAME = Context()
WHOLE_SHOT = Context(shot=True)


@dataclass(frozen=True, slots=True)
class ShotView:
    """What an effect may know of its shot.

    shot:   the range of frames
    size:   height and width of the upright frame
    frames: the frames as the effects before this one left them
    masks:  the chosen objects together, grown, closed and smoothed as the options say; bool, before feathering
    frames_per_second: average rate, a hint for things measured in seconds
    others: for an effect that `removes`, what the film's other objects cover that are still in the frames and are not
            parts of the chosen ones; None where it has no others
    """

    shot: Shot
    size: tuple[int, int]
    frames: FrameSequence
    masks: MaskSequence
    frames_per_second: float
    others: LabelSequence | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One frame to work on, cut to the region that matters.

    index, time_seconds: the frame
    region:  where `rgb` lies in the upright frame
    rgb:     (h, w, 3) uint8 or uint16 full scale; read only
    mask:    (h, w) bool, the chosen objects together, grown, before feathering
    alpha:   (h, w) float32 in [0, 1], how much of the effect the pipeline will show
    objects: object id -> (h, w) bool, the single masks, as tracked
    shot:    the shot around it; neighbours are `window.shot.frames[window.index + 1]`
    """

    index: int
    time_seconds: Fraction
    region: Region
    rgb: Rgb
    mask: Mask
    alpha: Alpha
    shot: ShotView
    objects: Mapping[int, Mask] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patch:
    """An effect's answer when it says more than the colours.

    rgb:   (h, w, 3), size of the window's region, uint8 or uint16 as the window's
    alpha: (h, w) float32 in [0, 1]; how much of `rgb` is shown, in place of the window's alpha
    matte: (h, w) float32 in [0, 1]; opacity of the film itself, for effects with `transparent`
    """

    rgb: Rgb
    alpha: Alpha | None = None
    matte: Alpha | None = None


class Effect(ABC):
    """Makes new pixels for a region of a frame.

    Class attributes say what an effect needs; the defaults fit most:
      Options      pydantic model of the options
      context      PER_FRAME, Context(before, after) or WHOLE_SHOT
      where        "object": shown inside the mask; "outside": everything else; "everywhere": no mask needed
      multiple_of  the window's height and width are multiples of this (the frame is mirrored at its border)
      max_bits     8: windows are uint8 even from deeper films
      removes      its objects are gone from the frames afterwards, and other objects stay: it is told where these are
      shaping      defaults for how the masks are grown and feathered for this effect, by the names in MaskShaping

    `render` depends only on the shot and the index, never on the order of calls.
    """

    Options: ClassVar[type[Options]] = Options
    context: ClassVar[Context] = PER_FRAME
    where: Where = "object"
    multiple_of: ClassVar[int] = 1
    max_bits: ClassVar[int] = 16
    removes: ClassVar[bool] = False
    shaping: Mapping[str, Any] = {}

    def __init__(self, options: Any = None, runtime: Runtime | None = None) -> None:
        self.options = options if options is not None else self.Options()
        self.runtime = runtime if runtime is not None else Runtime()

    @property
    def margin_px(self) -> int:
        """How far beyond the mask the window reaches; a blur needs its radius."""
        return 0

    @property
    def transparent(self) -> bool:
        """Whether the finished film gets an alpha channel, from `Patch.matte`."""
        return False

    def start(self, shot: ShotView) -> None:
        """Begin a shot; called before its first `render`. Models are loaded here, never at import."""
        return

    @abstractmethod
    def render(self, window: Window) -> Rgb | Patch | None:
        """Return (h, w, 3) pixels of the window's size and dtype, a Patch, or None to leave the frame alone."""

    def finish(self) -> None:
        """Let go of what `start` took. Called after the last shot too when rendering failed."""
        return

    def report(self) -> dict[str, Any]:
        """Return what the summary should tell the person: figures since the last call, in plain values.

        Over a film numbers are added up and lists joined; nested mappings are merged in the same way.
        """
        return {}
