"""Test films put together from real clips, in memory, from fixed seeds.

Each film knows where its shots change and where it lays a trap: a flash, a whip pan, a change of light, a shake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from benchmarks.shots.footage import HALVES, Footage, Half, Rgb
from benchmarks.shots.takes import FILM_SIZE, Take, TrapKind, rendered
from videdit.frames import Frame

JointKind: TypeAlias = Literal["cut", "dissolve", "long dissolve", "fade to black", "fade to white"]

FRAMES_PER_SECOND = 25
DISSOLVE_FRAMES = 14
JOINTS: dict[JointKind, int] = {"cut": 9, "dissolve": 8, "long dissolve": 2, "fade to black": 4, "fade to white": 2}
TRAPS: dict[TrapKind | None, int] = {"flash": 6, "pan": 6, "light": 4, "shake": 4, None: 6}
"""Of one film; one trap for each take, a few of which are lost to cuts to another angle."""
SEEDS: dict[Half, int] = {"tune": 1000, "report": 2000}


@dataclass(frozen=True, slots=True)
class Joint:
    """How one take gives way to the next.

    frames: of a dissolve; of each side of a fade
    hold:   frames of plain black or white between the sides of a fade
    """

    kind: JointKind
    frames: int = 0
    hold: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open frames [start, stop) of a change or of a trap; a cut has start == stop."""

    kind: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Film:
    """Takes and the joints between them: one joint fewer than takes."""

    name: str
    takes: tuple[Take, ...]
    joints: tuple[Joint, ...]
    changes: list[Span] = field(default_factory=list)
    traps: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The frames are made elsewhere and lazily; where things are follows from the lengths alone.
        position = 0
        for number, take in enumerate(self.takes):
            for trap in take.traps:
                self.traps.append(Span(trap.kind, position + trap.start, position + trap.start + trap.frames))
            position += take.frames
            if number == len(self.joints):
                break
            joint = self.joints[number]
            if joint.kind == "cut":
                self.changes.append(Span("cut", position, position))
            elif joint.kind in ("dissolve", "long dissolve"):
                self.changes.append(Span(joint.kind, position - joint.frames, position))
                position -= joint.frames
            else:
                self.changes.append(Span("fade", position - joint.frames, position + joint.hold + joint.frames))
                position += joint.hold

    @property
    def frame_count(self) -> int:
        """How many frames `frames` gives."""
        overlapped = sum(joint.frames for joint in self.joints if joint.kind.endswith("dissolve"))
        held = sum(joint.hold for joint in self.joints)
        return sum(take.frames for take in self.takes) - overlapped + held

    def frames(self, footage: Footage) -> Iterator[Frame]:
        """Yield the frames in order, each (144, 256, 3) uint8."""
        for index, rgb in enumerate(self._pixels(footage)):
            yield Frame(rgb, index, index, Fraction(1, FRAMES_PER_SECOND))

    def _pixels(self, footage: Footage) -> Iterator[Rgb]:
        current = rendered(self.takes[0], footage)
        for joint, take in zip(self.joints, self.takes[1:], strict=True):
            following = rendered(take, footage)
            if joint.kind in ("dissolve", "long dissolve"):
                count = joint.frames
                yield from current[:-count]
                for number in range(count):
                    alpha = (number + 1) / (count + 1)
                    yield _mixed(current[number - count], following[number], alpha)
                following = following[count:]
            elif joint.kind == "cut":
                yield from current
            else:
                plain = np.full((*FILM_SIZE, 3), 0 if joint.kind == "fade to black" else 255, np.uint8)
                count = joint.frames
                yield from current[:-count]
                for number in range(count):
                    yield _mixed(current[number - count], plain, (number + 1) / (count + 1))
                yield from [plain] * joint.hold
                following = [
                    _mixed(plain, rgb, (number + 1) / (count + 1)) if number < count else rgb
                    for number, rgb in enumerate(following)
                ]
            current = following
        yield from current


def _mixed(first: Rgb, second: Rgb, alpha: float) -> Rgb:
    return np.rint(first * (1.0 - alpha) + second * alpha).astype(np.uint8)


def films(half: Half, footage: Footage) -> list[Film]:
    """Return the films of one half: six cut from many takes, and one of whole, untouched sources."""
    made = [_film(half, number, footage) for number in range(6)]
    return [*made, _whole_sources(half, footage)]


def _film(half: Half, number: int, footage: Footage) -> Film:
    random = np.random.default_rng(SEEDS[half] + number)
    kinds = [kind for kind, count in JOINTS.items() for _ in range(count)]
    random.shuffle(kinds)
    traps = [trap for trap, count in TRAPS.items() for _ in range(count)]
    random.shuffle(traps)
    joints = tuple(_joint(kind, random) for kind in kinds)
    taken = [0, *(joint.frames for joint in joints), 0]
    takes: list[Take] = []
    for place, trap in enumerate(traps):
        room = (taken[place], taken[place + 1])
        if place and joints[place - 1].kind == "cut" and takes[-1].can_turn and random.random() < 0.5:
            takes.append(takes[-1].turned(room, random))
            continue
        source = str(random.choice([one for one in HALVES[half] if not takes or one != takes[-1].source]))
        takes.append(Take.drawn(source, len(footage.frames(source)), trap, room, random))
    return Film(f"{half} {number}", tuple(takes), joints)


def _joint(kind: JointKind, random: np.random.Generator) -> Joint:
    if kind == "cut":
        return Joint(kind)
    if kind == "dissolve":
        return Joint(kind, DISSOLVE_FRAMES)
    if kind == "long dissolve":
        return Joint(kind, int(random.integers(22, 31)))
    return Joint(kind, int(random.integers(6, 15)), int(random.integers(1, 9)))


def _whole_sources(half: Half, footage: Footage) -> Film:
    takes = tuple(Take.whole(source, len(footage.frames(source))) for source in HALVES[half])
    return Film(f"{half} whole sources", takes, (Joint("cut"),) * (len(takes) - 1))
