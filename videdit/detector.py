"""Detector: a frame in, boxes of things of one kind out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from videdit.frames import Frame


@dataclass(frozen=True, slots=True)
class Detection:
    """A thing found on one frame: left, top, right, bottom in pixels, a score in [0, 1], and what it is."""

    x0: float
    y0: float
    x1: float
    y1: float
    score: float
    label: str


class Detector(ABC):
    """Finds things on single frames: faces, number plates, whatever a phrase names."""

    @abstractmethod
    def detect(self, frame: Frame, phrase: str = "") -> list[Detection]:
        """Return what is found, best first; an empty list if nothing is.

        phrase: what to look for; detectors of one fixed kind ignore it
        """
