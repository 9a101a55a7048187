"""ShotDetector: frames in order in, shot changes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from videdit.frames import Frame
from videdit.shots import Transition


@dataclass(frozen=True, slots=True, order=True)
class ShotChange:
    """Where one shot ends and the next begins.

    index:  first frame of the new shot; the middle of a dissolve or fade
    kind:   "cut", "dissolve" or "fade"
    frames: length of the transition, 0 for a cut
    score:  in [0, 1]
    """

    index: int
    kind: Transition = "cut"
    frames: int = 0
    score: float = 1.0


class ShotDetector(ABC):
    """Watches a film frame by frame. Frames are reduced: at most 256 pixels wide, (H, W, 3) uint8."""

    @abstractmethod
    def start(self, frames_per_second: float) -> None:
        """Begin a film. The rate is a hint; frames carry their true times."""

    @abstractmethod
    def watch(self, frame: Frame) -> list[ShotChange]:
        """Take the next frame; return the changes that are certain now, if any."""

    @abstractmethod
    def finish(self) -> list[ShotChange]:
        """Return the changes that only the end of the film settles."""

    def settled(self) -> int:
        """Return a frame: no change at or before it is still to come. 0 if only the end of the film tells."""
        return 0
