"""Tracker: masks of some frames in, masks of the shot's other frames out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from videdit.frames import Alpha, Descriptor, FrameSequence, Mask


@dataclass(frozen=True, slots=True)
class Tracked:
    """One object on one frame, as the tracker sees it.

    mask:        (H, W) bool; all False if the object is absent
    score:       estimate of the IoU with the truth, in [0, 1]
    probability: (H, W) float32 in [0, 1], or None if the engine has none
    evidence:    named figures the score was made of (margin, area ratio, flow agreement...)
    support:     (h, w) float32 in [0, 1] of any size, how much of what memory knows of the object was found at each
                 place: its affinity to remembered places on the object; None if the engine has none
    """

    mask: Mask
    score: float
    probability: Alpha | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    support: Alpha | None = None

    @property
    def absent(self) -> bool:
        return not self.mask.any()


class Tracker(ABC):
    """Carries the masks of several objects through one shot. Object ids are the caller's and never change.

    The order of calls: `start`, then `step` with the neighbouring frame again and again, upwards or downwards, with
    `correct`, `add` and `forget` in between. The engine may look at any frame of the shot at any time.
    What `step` returns depends only on the calls before it, so `restore(snapshot())` goes on byte for byte.
    """

    @abstractmethod
    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        """Forget everything and begin on frame `index` with the given masks, (H, W) bool by object id.

        `masks` may be empty; objects then come by `add`.
        """

    @abstractmethod
    def step(self, index: int) -> dict[int, Tracked]:
        """Return every object on frame `index`, which is one beside the last frame handled."""

    @abstractmethod
    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        """Take `mask` as the truth for a known object on frame `index`, the last one handled."""

    @abstractmethod
    def add(self, index: int, object_id: int, mask: Mask) -> None:
        """Begin to track one more object, whose mask on frame `index`, the last one handled, is given."""

    @abstractmethod
    def forget(self, object_id: int) -> None:
        """Stop tracking an object; the others are not disturbed."""

    @abstractmethod
    def reset(self) -> None:
        """Drop all memory, as at a cut. The next call is `start`."""

    @abstractmethod
    def snapshot(self) -> bytes:
        """Return all state, so that another instance with the same options can go on from here."""

    @abstractmethod
    def restore(self, frames: FrameSequence, state: bytes) -> None:
        """Take up what `snapshot` returned; `frames` is the same shot."""

    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        """Remember `mask` on frame `index`, anywhere in the shot, as a truth that is never forgotten.

        For frames a person has drawn on, before or after the present one. Engines without such a memory ignore it.
        """
        return

    def adopt(self, index: int, object_id: int, mask: Mask) -> None:
        """Go on from `mask` in place of the engine's own answer for a known object on frame `index`, the last handled.

        For a mask that is better than the engine's, yet no truth: refined, or made in another run. Engines that tell
        the two apart remember it like a frame of their own; the others take it as a correction.
        """
        self.correct(index, object_id, mask)

    def describe(self, frames: FrameSequence, index: int, mask: Mask) -> Descriptor | None:
        """Return what the engine's own features say of the thing inside `mask`, of length 1; None if it has none.

        Alike things have a product near the largest. Used to find objects again after a cut; disturbs no tracking.
        """
        return None
