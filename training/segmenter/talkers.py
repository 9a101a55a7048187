"""Processes that make scenes and hold conversations about them; the answers come from the process that learns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material import Film, SegmentedPicture, read_pictures
from training.segmenter.filmed import film_scene
from training.segmenter.questions import LOOK, Conversation
from training.segmenter.scenes import Scene, make_scene

GROUP = 8
"""Conversations whose questions travel together. Two groups take turns: one waits for answers, the other thinks."""
AT_LEAST = 8
"""Pictures that a worker begins with; the generated ones come one by one while it works."""
MOST_ANSWERS = 5
FILMED = 0.4
"""Share of the scenes that are of real films, where there are any."""
ENDING = 0.2
"""Chance that a conversation ends after an answer; so there are more first questions than fifth ones."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where pictures come from."""

    stills: Path | None
    davis: Path | None
    sequences: tuple[str, ...]
    generated: int
    seed: int

    def read(self) -> list[SegmentedPicture]:
        """Return all pictures but those that are generated."""
        pictures: list[SegmentedPicture] = []
        if self.stills:
            pictures += read_pictures("stills", self.stills)
        if self.davis:
            pictures += read_pictures("davis", self.davis, sequences=self.sequences)
        return pictures

    def films(self) -> tuple[Film, ...]:
        """Return the films that pictures are taken from."""
        return tuple(Film.of_davis(self.davis, name) for name in self.sequences) if self.davis else ()

    def generate(self, share: int = 0, shares: int = 1) -> Iterator[SegmentedPicture]:
        """Make the generated pictures, which takes a tenth of a second each, or one of so many equal shares of them."""
        for number in range(share, self.generated, shares):
            yield from read_pictures("generated", count=1, seed=self.seed + number)


@dataclass(frozen=True, slots=True)
class Questions:
    """A group's questions.

    shown:   (GROUP, COUNT, LOOK, LOOK) float16
    truth:   (GROUP, LOOK, LOOK) bool
    numbers: which answer of its conversation each asks for, from 0
    """

    shown: NDArray[np.float16]
    truth: NDArray[np.bool_]
    numbers: list[int]


def hold_conversations(connection: Connection, sources: Sources, share: int, shares: int) -> None:
    """Send Questions and take packed answers in turn, until the other end is closed."""
    cv2.setNumThreads(1)
    pictures, films = sources.read(), sources.films()
    more = sources.generate(share, shares)
    pictures += islice(more, max(0, AT_LEAST - len(pictures)))
    random = np.random.default_rng([sources.seed, share])
    groups = [[Conversation(some_scene(pictures, films, random), random) for _ in range(GROUP)] for _ in range(2)]
    try:
        for group in groups:
            connection.send(_asked(group))
        while True:
            pictures += islice(more, 1)
            for group in groups:
                answers = np.unpackbits(connection.recv(), axis=-1).reshape(GROUP, LOOK, LOOK).astype(bool)
                for number, answer in enumerate(answers):
                    if group[number].answers + 1 == MOST_ANSWERS or random.random() < ENDING:
                        group[number] = Conversation(some_scene(pictures, films, random), random)
                    else:
                        group[number].answered(answer)
                connection.send(_asked(group))
    except (EOFError, ConnectionError, KeyboardInterrupt):
        return


def some_scene(pictures: Sequence[SegmentedPicture], films: Sequence[Film], random: np.random.Generator) -> Scene:
    """Make a scene of one of the pictures, or of one of the films, if there are any."""
    if films and random.random() < FILMED:
        return film_scene(films, random)
    return make_scene(pictures, random)


def _asked(group: Sequence[Conversation]) -> Questions:
    return Questions(
        np.stack([talk.question() for talk in group]).astype(np.float16),
        np.stack([talk.truth() for talk in group]),
        [talk.answers for talk in group],
    )
