"""The frames of one shot in any order: decoded when asked for, with bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

import av

from videdit.frames import Frame
from videdit.media.cache import FrameCache
from videdit.media.decoding import Decoding
from videdit.media.picture import Picture
from videdit.shots import Shot


class ShotFrames:
    """A FrameSequence over a file.

    Going up, each frame is decoded once. Going down, a run of frames as long as the cache is decoded upwards and
    served from its end. May be used from several threads; they take turns.
    """

    def __init__(
        self,
        shot: Shot,
        size: tuple[int, int],
        open_decoding: Callable[[], Decoding],
        wrap: Callable[[int, av.VideoFrame], Picture],
        keyframe_before: Callable[[int], int],
        *,
        cache_bytes: int,
        frame_bytes: int,
    ) -> None:
        self.shot = shot
        self.size = size
        self._open = open_decoding
        self._wrap = wrap
        self._keyframe_before = keyframe_before
        self._cache = FrameCache(cache_bytes)
        # Half of the cache for a run that is served downwards leaves the other half for what else is looked at.
        self._run = max(1, min(64, self._cache.capacity(frame_bytes) // 2))
        self._lock = threading.Lock()
        self._decoding: Decoding | None = None
        self._stream: Iterator[tuple[int, av.VideoFrame]] | None = None
        self._next = -1
        self._last = -1

    def __len__(self) -> int:
        return len(self.shot)

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in self.shot)

    def __getitem__(self, index: int) -> Frame:
        """Return the upright frame with that index in the film. Raises IndexError outside the shot."""
        if index not in self.shot:
            raise IndexError(f"frame {index} is outside the shot [{self.shot.start}, {self.shot.stop})")
        with self._lock:
            frame = self._cache.get(index)
            if frame is None:
                frame = self._fetch(index)
            self._last = index
            return frame

    @property
    def held_bytes(self) -> int:
        """Bytes of pixels in the cache now."""
        return self._cache.held_bytes

    def close(self) -> None:
        """Let go of the file and the cache; the next access opens the file again."""
        with self._lock:
            self._drop()
            self._cache.clear()

    def _fetch(self, index: int) -> Frame:
        descending = index < self._last
        first = index
        if descending:
            first = max(self.shot.start, index - self._run + 1)
        if not (self._stream is not None and self._within_reach(first)):
            self._restart(first)
        tail: deque[Frame] = deque(maxlen=self._run)
        while True:
            assert self._stream is not None
            at, frame = next(self._stream)
            self._next = at + 1
            if at >= first:
                tail.append(self._wrap(at, frame).to_frame())
            if at == index:
                break
        for kept in tail:
            self._cache.put(kept)
        found = self._cache.get(index)
        assert found is not None
        return found

    def _within_reach(self, index: int) -> bool:
        """Whether decoding on from here costs no more than a seek to the keyframe before `index`."""
        return self._next <= index and self._keyframe_before(index) <= max(self._next, 0)

    def _restart(self, index: int) -> None:
        if self._decoding is None:
            self._decoding = self._open()
        if self._stream is not None:
            self._stream.close()  # type: ignore[attr-defined]
        self._stream = self._decoding.frames(index)
        self._next = index

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()  # type: ignore[attr-defined]
        if self._decoding is not None:
            self._decoding.close()
        self._decoding, self._stream, self._next = None, None, -1
