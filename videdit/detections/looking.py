"""Look through one run of frames with a detector, and follow what it finds."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from videdit.detections.follower import Follower, rescaled
from videdit.detections.sightings import Tracklet
from videdit.detections.steps import FollowOptions
from videdit.detector import Detection, Detector
from videdit.errors import faults_of
from videdit.frames import Frame


class Looking:
    """Takes the frames of one shot, in order, and gives what is in them.

    size:  height and width of the film
    start: number of the first frame
    """

    def __init__(
        self, detector: Detector, phrase: str, options: FollowOptions, size: tuple[int, int], start: int
    ) -> None:
        self._detector = detector
        self._phrase = phrase
        self._options = options
        self._size = size
        self._start = start
        self._follower: Follower | None = None
        self._factor = (1.0, 1.0)

    def take(self, frame: Frame, *, last: bool) -> None:
        """Take the next frame, reduced to `width_px`; `last` says that none follows."""
        if self._follower is None:
            height, width = frame.size
            self._follower = Follower(self._options, frame.size, self._start)
            self._factor = (self._size[1] / width, self._size[0] / height)
        found: list[Detection] | None = None
        if last or (frame.index - self._start) % self._options.every == 0:
            with faults_of("the detector", f"frame {frame.index}"):
                found = self._detector.detect(frame, self._phrase)
        taken = self._follower.step(frame.index, cv2.cvtColor(frame.rgb8, cv2.COLOR_RGB2GRAY), found)
        wanting = [(one, detection) for one, detection in taken if self._follower.wants_looks(one)]
        if wanting:
            looks = self._detector.looks(frame, [detection for _, detection in wanting])
            for (one, _), row in zip(wanting, looks if looks is not None else (), strict=looks is not None):
                self._follower.remember(one, row.tolist())

    def finish(self) -> Sequence[Tracklet]:
        """Return everything that was followed, in pixels of the film."""
        return [] if self._follower is None else [rescaled(one, self._factor) for one in self._follower.finish()]


def width_px(size: tuple[int, int], options: FollowOptions) -> int:
    """Return the width to which frames of a film of that height and width are reduced for the detector."""
    height, width = size
    longer = max(height, width)
    return width if longer <= options.look_px else max(1, round(width * options.look_px / longer))
