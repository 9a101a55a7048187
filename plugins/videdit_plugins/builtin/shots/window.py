"""The last frames of a film by their number, a bounded run of them."""

from __future__ import annotations

from collections import deque

import numpy as np

from videdit_plugins.builtin.shots.likeness import likeness
from videdit_plugins.builtin.shots.reduced import Reduced


class Window:
    """Reduced frames [start, stop) of the film; older ones are forgotten."""

    def __init__(self, length: int) -> None:
        self._frames: deque[Reduced] = deque(maxlen=length)
        self._steps: deque[float] = deque(maxlen=length)
        self._likeness: dict[tuple[int, int], float] = {}
        self.stop = 0

    @property
    def start(self) -> int:
        """Number of the oldest frame still held."""
        return self.stop - len(self._frames)

    def append(self, frame: Reduced) -> None:
        """Take the next frame."""
        before = self._frames[-1].colours if self._frames else frame.colours
        self._steps.append(float(np.abs(frame.colours - before).mean()))
        self._frames.append(frame)
        self.stop += 1
        self._likeness = {pair: value for pair, value in self._likeness.items() if pair[0] >= self.start}

    def __getitem__(self, number: int) -> Reduced:
        return self._frames[number - self.start]

    def holds(self, number: int) -> bool:
        """Return whether that frame is held."""
        return self.start <= number < self.stop

    def step(self, number: int) -> float:
        """Return the mean difference between that frame and the one before, in codes."""
        return self._steps[number - self.start]

    def alike(self, first: int, second: int) -> float:
        """Return the likeness of two frames, computed once."""
        if (first, second) not in self._likeness:
            self._likeness[first, second] = likeness(self[first], self[second])
        return self._likeness[first, second]
