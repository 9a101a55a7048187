"""A take: a run of frames of one source, seen through a window that may move, with at most one trap in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import cv2
import numpy as np

from benchmarks.shots.footage import HEIGHT_PX, WIDTH_PX, Footage, Rgb

TrapKind: TypeAlias = Literal["flash", "pan", "light", "shake"]

FILM_SIZE = (144, 256)
"""Height and width of the films in pixels."""
MARGIN_FRAMES = 8
"""Between a trap and the transitions at both ends of its take."""


@dataclass(frozen=True, slots=True)
class Trap:
    """Something that looks like a change of shot and is none, in frames [start, start + frames) of its take.

    seed: of what is left to chance in it
    """

    kind: TrapKind
    start: int
    frames: int
    seed: int


@dataclass(frozen=True, slots=True)
class Take:
    """`frames` frames of `source` from frame `first` on; where the source ends, time runs backwards.

    x, width: left edge and width of the window on the source, in px; its height keeps 16:9
    """

    source: str
    first: int
    frames: int
    x: int
    y: int
    width: int
    mirrored: bool = False
    traps: tuple[Trap, ...] = ()

    @classmethod
    def drawn(
        cls, source: str, source_frames: int, trap: TrapKind | None, room: tuple[int, int], random: np.random.Generator
    ) -> Take:
        """Draw a take from anywhere in the source, 16 to 60 frames long besides its share of the transitions.

        room: the frames that the transitions at its beginning and end take up
        """
        frames = sum(room) + int(random.integers(16, 61))
        traps: tuple[Trap, ...] = ()
        if trap is not None:
            length = {"flash": (1, 4), "pan": (5, 10), "light": (1, 13), "shake": (8, 16)}[trap]
            start = room[0] + MARGIN_FRAMES + int(random.integers(20))
            one = Trap(trap, start, int(random.integers(*length)), int(random.integers(1 << 30)))
            frames = one.start + one.frames + MARGIN_FRAMES + int(random.integers(20)) + room[1]
            traps = (one,)
        # A whip pan needs room to the side: half the source's width.
        width = WIDTH_PX // 2 if trap == "pan" else int(random.integers(WIDTH_PX // 2, WIDTH_PX + 1))
        height = width * 9 // 16
        x = 0 if trap == "pan" else int(random.integers(WIDTH_PX - width + 1))
        y = int(random.integers(HEIGHT_PX - height + 1))
        first = int(random.integers(source_frames))
        return cls(source, first, frames, x, y, width, bool(random.integers(2)), traps)

    @classmethod
    def whole(cls, source: str, source_frames: int) -> Take:
        """Return the source as it is."""
        return cls(source, 0, source_frames, 0, 0, WIDTH_PX)

    @property
    def can_turn(self) -> bool:
        """Whether a second window fits beside this one, for a cut to another angle of the same scene."""
        return self.width <= WIDTH_PX * 5 // 8 and not any(trap.kind == "pan" for trap in self.traps)

    def turned(self, room: tuple[int, int], random: np.random.Generator) -> Take:
        """Return a take of the same moment through a window at the other side: the same colours, other shapes."""
        width = WIDTH_PX // 2
        x = WIDTH_PX - width if self.x + self.width / 2 < WIDTH_PX / 2 else 0
        frames = sum(room) + int(random.integers(16, 61))
        return replace(self, frames=frames, x=x, width=width, traps=())


def rendered(take: Take, footage: Footage) -> list[Rgb]:
    """Return the frames of `take`, each (144, 256, 3) uint8."""
    source = footage.frames(take.source)
    windows = _windows(take)
    frames = []
    for number in range(take.frames):
        rgb = source[_there_and_back(take.first + number, len(source))]
        x, y = windows[number]
        height = take.width * 9 // 16
        cropped = rgb[y : y + height, x : x + take.width]
        small = cv2.resize(cropped, FILM_SIZE[::-1], interpolation=cv2.INTER_AREA)
        frames.append(np.ascontiguousarray(small[:, ::-1]) if take.mirrored else small)
    for trap in take.traps:
        _LIT[trap.kind](frames, trap, windows)
    return frames


def _there_and_back(number: int, length: int) -> int:
    phase = number % (2 * length - 1)
    return phase if phase < length else 2 * length - 1 - phase


def _windows(take: Take) -> list[tuple[int, int]]:
    """Return the window's left and top edge for each frame."""
    windows = [(take.x, take.y)] * take.frames
    for trap in take.traps:
        random = np.random.default_rng(trap.seed)
        if trap.kind == "pan":
            far = int(random.integers(WIDTH_PX * 3 // 8, WIDTH_PX - take.width + 1))
            for number in range(trap.start, take.frames):
                part = min(1.0, (number - trap.start + 1) / trap.frames)
                windows[number] = (round(far * part), take.y)
        elif trap.kind == "shake":
            reach = take.width // 10
            for number in range(trap.start, trap.start + trap.frames):
                dx, dy = (int(value) for value in random.integers(-reach, reach + 1, 2))
                x = min(max(0, take.x + dx), WIDTH_PX - take.width)
                y = min(max(0, take.y + dy // 2), HEIGHT_PX - take.width * 9 // 16)
                windows[number] = (x, y)
    return windows


def _flash(frames: list[Rgb], trap: Trap, windows: list[tuple[int, int]]) -> None:
    """Light a photographer's flash: everything brighter, most of all around one place, whites burnt out."""
    random = np.random.default_rng(trap.seed)
    rows, columns = np.mgrid[0 : FILM_SIZE[0], 0 : FILM_SIZE[1]].astype(np.float32)
    y, x = random.uniform(0, FILM_SIZE[0]), random.uniform(0, FILM_SIZE[1])
    near = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * random.uniform(60, 200) ** 2))[:, :, None]
    gain, lift = random.uniform(1.3, 2.5), random.uniform(30, 140)
    for number in range(trap.frames):
        strength = 1.0 if number == 0 else random.uniform(0.4, 1.0)
        rgb = frames[trap.start + number] * (1 + (gain - 1) * strength * near) + lift * strength * (0.5 + 0.5 * near)
        frames[trap.start + number] = np.clip(rgb, 0, 255).astype(np.uint8)


def _light(frames: list[Rgb], trap: Trap, windows: list[tuple[int, int]]) -> None:
    """Switch or turn the light up or down, for the rest of the take."""
    random = np.random.default_rng(trap.seed)
    gain = random.uniform(0.4, 0.65) if random.random() < 0.5 else random.uniform(1.4, 1.9)
    for number in range(trap.start, len(frames)):
        part = min(1.0, (number - trap.start + 1) / trap.frames)
        frames[number] = np.clip(frames[number] * (1 + (gain - 1) * part), 0, 255).astype(np.uint8)


def _pan(frames: list[Rgb], trap: Trap, windows: list[tuple[int, int]]) -> None:
    """Smear the frames of the whip pan as a shutter open half of the time does."""
    for number in range(trap.start, trap.start + trap.frames):
        moved = abs(windows[number][0] - windows[number - 1][0])
        frames[number] = cv2.blur(frames[number], (max(1, moved // 2), 1))


def _shake(frames: list[Rgb], trap: Trap, windows: list[tuple[int, int]]) -> None:
    """Leave the pixels as they are: the shake is in the windows."""


_LIT = {"flash": _flash, "light": _light, "pan": _pan, "shake": _shake}
