"""Tracking as a stream: frames as they are made, corrections meanwhile, and an end at any of them."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from videdit.masks import MaskEntry
from videdit.progress import Report
from videdit.prompts import Prompt
from videdit.tracking.making import Made

if TYPE_CHECKING:
    from videdit.project.project import Project


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """A frame that was just tracked.

    direction: the way the tracker walks; a frame between two confirmed ones comes twice, the second time blended
    masks:     object name -> its mask with score, origin and evidence
    done, total: frames walked, of all that are to be walked as things stand
    """

    index: int
    direction: Literal["forward", "backward"]
    masks: Mapping[str, MaskEntry]
    done: int
    total: int


class TrackingRun:
    """An iterator over the frames that are tracked; a context manager.

        with project.stream() as run:
            for frame in run:
                if wrong(frame):
                    run.correct(Click(320, 240, at=Moment(frame=frame.index), object="dog"))

    Leaving early keeps what was made; tracking goes on there next time.
    """

    def __init__(self, project: Project, report: Report) -> None:
        self._project = project
        self._report = report
        self._lock = threading.Lock()
        self._waiting: list[Prompt] = []
        self._cancelled = False
        self._steps: Generator[Made, None, None] | None = None

    def correct(self, *prompts: Prompt) -> None:
        """Correct masks, as `Project.correct` does, before the next frame; from any thread.

        The corrected pieces are tracked first, then the rest goes on where it was.
        """
        with self._lock:
            self._waiting += prompts

    def cancel(self) -> None:
        """End the stream after the frame at hand; from any thread."""
        self._cancelled = True

    def close(self) -> None:
        """Stop between two frames; what was made is kept."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def __iter__(self) -> Iterator[TrackedFrame]:
        return self

    def __next__(self) -> TrackedFrame:
        while not self._cancelled:
            self._take_corrections()
            if self._steps is None:
                self._steps = self._project.tracking_steps(report=self._report)
            made = next(self._steps, None)
            if made is not None:
                names = {one.object_id: one.name for one in self._project.objects}
                masks = {names[object_id]: entry for object_id, entry in made.entries.items()}
                return TrackedFrame(made.index, made.direction, masks, made.done, made.total)
            self._steps = None
            if not self._waiting:
                break
        self.close()
        raise StopIteration

    def _take_corrections(self) -> None:
        with self._lock:
            prompts, self._waiting = self._waiting, []
        if prompts:
            # Closed first: the masks that are corrected must be in the store.
            self.close()
            self._project.correct(*prompts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
