"""Where the pixels of a removal came from, for the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit import MADE_UP, Shot

DOUBTFUL_SHARE = 0.5
"""A frame is doubtful if more of its hole than this was made up, or if its filler tells that a shadow is left."""
_SHADOW_LEFT = "frames_with_shadow_left"
_OTHERS, _MADE_UP = "pixels_from_other_frames", "pixels_made_up"


class Figures:
    """What was filled since the last report. A frame that is rendered again counts again."""

    def __init__(self) -> None:
        self._shots: dict[str, dict[str, Any]] = {}
        self._doubtful: list[int] = []

    def add(self, index: int, shot: Shot, origin: NDArray[np.int32], told: Mapping[str, Any]) -> None:
        """Count a frame's pixels by their origin, as in `Filled`, and add what the filler itself tells in numbers."""
        made_up = int(np.count_nonzero(origin == MADE_UP))
        area = int(np.count_nonzero(origin != index))
        one = self._of(shot)
        for key, value in {_OTHERS: area - made_up, _MADE_UP: made_up, **told}.items():
            one[key] = one.get(key, 0) + value
        if made_up > DOUBTFUL_SHARE * area or told.get(_SHADOW_LEFT):
            self._doubtful.append(index)

    def say(self, shot: Shot, what: str, text: str) -> None:
        """Enter a sentence about a shot."""
        self._of(shot)[what] = text

    def plain(self) -> dict[str, Any]:
        """Return the sums, the same by shot, and the doubtful frames."""
        sums: dict[str, Any] = {_OTHERS: 0, _MADE_UP: 0}
        for one in self._shots.values():
            for key, value in one.items():
                if not isinstance(value, str):
                    sums[key] = sums.get(key, 0) + value
        return {**sums, "shots": self._shots, "doubtful_frames": self._doubtful}

    def _of(self, shot: Shot) -> dict[str, Any]:
        return self._shots.setdefault(f"{shot.start}-{shot.stop - 1}", {_OTHERS: 0, _MADE_UP: 0})
