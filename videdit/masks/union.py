"""The masks of one shot as engines want them: by index, united, with bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from videdit.frames import Mask
from videdit.masks.track import MaskTrack
from videdit.shots import Shot

_CACHE_BYTES = 64 * 2**20


class UnionMasks:
    """A MaskSequence of several objects together, read from the track when asked for.

    Keeps the masks it was asked for last, up to `cache_bytes`, one at least. What the track holds when a frame is
    first asked for is what counts.

    object_ids: which objects; all there are if None
    """

    def __init__(
        self, track: MaskTrack, object_ids: Iterable[int] | None, shot: Shot, *, cache_bytes: int = _CACHE_BYTES
    ) -> None:
        self._track = track
        self.object_ids = None if object_ids is None else tuple(object_ids)
        self.shot = shot
        self._room = max(1, cache_bytes // max(1, track.size[0] * track.size[1]))
        self._recent: OrderedDict[int, Mask] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.shot)

    def __getitem__(self, index: int) -> Mask:
        """Return (H, W) bool, read-only. Raises IndexError outside the shot."""
        if index not in self.shot:
            raise IndexError(f"frame {index} is outside the shot [{self.shot.start}, {self.shot.stop})")
        with self._lock:
            found = self._recent.get(index)
            if found is not None:
                self._recent.move_to_end(index)
                return found
        made = self._track.union(index, self.object_ids)
        made.flags.writeable = False
        with self._lock:
            self._recent[index] = made
            while len(self._recent) > self._room:
                self._recent.popitem(last=False)
        return made
