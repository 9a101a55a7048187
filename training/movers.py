"""Cut-outs that go their way through a clip: they bend, swing their limbs, and turn about joints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material import Motion
from training.material.deform import affine

Pixels: TypeAlias = NDArray[np.uint8]
Alpha: TypeAlias = NDArray[np.float32]
Drawn: TypeAlias = tuple[Pixels, Alpha]

OBJECT_PX = (45.0, 150.0)
"""Longer side of the object's box in the clip, without its limbs."""
FASTEST_PX = 14.0
JOINTS = (0.4, 0.3, 0.2, 0.1)
"""Chances of 0 to 3 joints."""
LIMBS = (0.55, 0.15, 0.15, 0.1, 0.05)
"""Chances of 0 to 4 limbs."""
STILL = 0.15
"""Chance that an object stays where it is, and only its parts move."""
MIRRORED = 0.5


@dataclass(frozen=True, slots=True)
class Swing:
    """An angle that goes to and fro."""

    middle: float
    reach: float
    pace: float
    start: float

    @classmethod
    def drawn(cls, random: np.random.Generator, middle: float, reach: float) -> Swing:
        return cls(middle, random.normal(0, reach), 2 * np.pi / random.uniform(5, 20), random.uniform(0, 2 * np.pi))

    def at(self, age: int) -> float:
        return float(self.middle + self.reach * np.sin(self.start + self.pace * age))


@dataclass(frozen=True, slots=True)
class Joint:
    """One side of the object turns about a point."""

    point: NDArray[np.float64]
    side: NDArray[np.float64]
    soft_px: float
    swing: Swing

    def turned(self, source: NDArray[np.float32], age: int) -> NDArray[np.float32]:
        away = source - self.point
        share = 1 / (1 + np.exp(-np.clip(away @ self.side / self.soft_px, -30, 30)))
        angle = share * self.swing.at(age)
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y = away[..., 0], away[..., 1]
        return np.asarray(np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1) + self.point, np.float32)


@dataclass(frozen=True, slots=True)
class Limb:
    """A part that swings about the point where it hangs, before the object or behind it.

    rgb, alpha: its own picture, hung at `root`
    point:      where it hangs on the object's picture
    behind:     whether the object hides it
    """

    rgb: Pixels
    alpha: Alpha
    root: tuple[float, float]
    point: NDArray[np.float64]
    swing: Swing
    behind: bool

    def onto(self, drawn: Drawn, age: int) -> Drawn:
        angle = self.swing.at(age)
        cosine, sine = np.cos(angle), np.sin(angle)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        matrix = np.column_stack([turn, self.point - turn @ np.array(self.root)])
        rgb, alpha = drawn
        size = alpha.shape[::-1]
        mine = cv2.warpAffine(self.rgb, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        mine_alpha = cv2.warpAffine(self.alpha, matrix, size)
        shown = mine_alpha * (1 - alpha) if self.behind else mine_alpha
        mixed = rgb + shown[..., None] * (mine.astype(np.float32) - rgb)
        return mixed.astype(np.uint8), np.maximum(alpha, mine_alpha)


@dataclass(slots=True)
class Mover:
    """A cut-out that goes its way through a frame of `size`."""

    size: tuple[int, int]
    rgb: Pixels
    alpha: Alpha
    centre: tuple[float, float]
    scale: float
    place: NDArray[np.float64]
    speed: NDArray[np.float64]
    spin: float
    swell: float
    bend: NDArray[np.float32]
    bends: NDArray[np.float32]
    joints: tuple[Joint, ...] = ()
    limbs: tuple[Limb, ...] = ()
    age: int = 0

    def drawn(self, base: Motion | None = None) -> Drawn:
        """Return its pixels and alpha on the frame, as it stands."""
        motion = base or affine(
            self.size,
            centre=self.centre,
            to=(float(self.place[0]), float(self.place[1])),
            scale=self.scale * float(np.exp(self.swell * self.age)),
            turn=self.spin * self.age,
        )
        source = motion.source + cv2.resize(self.bend, self.size[::-1], interpolation=cv2.INTER_CUBIC)
        for joint in self.joints:
            source = joint.turned(source, self.age)
        whole = (self.rgb, self.alpha)
        for limb in self.limbs:
            whole = limb.onto(whole, self.age)
        moved = Motion(source.astype(np.float32))
        return moved.pixels(whole[0]), moved.mask(whole[1])

    def go(self, random: np.random.Generator) -> None:
        """Move on by one frame."""
        self.place = self.place + self.speed
        self.speed = self.speed + random.normal(0, 0.15 * (np.hypot(*self.speed) + 0.3), 2)
        self.bend = self.bend + self.bends
        self.bends = (0.8 * self.bends + random.normal(0, 0.25, self.bends.shape)).astype(np.float32)
        self.age += 1

    def double(self, random: np.random.Generator) -> Mover:
        """Return another that looks the same, near by or on its way past."""
        speed = random.normal(0, 2.5, 2)
        if random.random() < 0.5:
            offset = random.choice([-1.0, 1.0], 2) * random.uniform(20, 110, 2)
        else:
            offset = random.integers(1, 9) * (self.speed - speed) + random.normal(0, 15, 2)
        return replace(
            self,
            scale=self.scale * float(np.exp(random.normal(0, 0.2))),
            place=self.place + offset,
            speed=speed,
            spin=-self.spin,
            swell=0.0,
            bend=self.bend[::-1].copy(),
            bends=self.bends[::-1].copy(),
            age=int(random.integers(0, 12)),
        )


def mover(rgb: Pixels, mask: NDArray[np.bool_], size: tuple[int, int], random: np.random.Generator) -> Mover:
    """Return the object `mask` of the picture `rgb`, on its way through a frame of `size`."""
    if random.random() < MIRRORED:
        rgb, mask = rgb[:, ::-1], mask[:, ::-1]
    ys, xs = np.nonzero(mask)
    longer = float(max(np.ptp(xs), np.ptp(ys)) + 1)
    wanted = float(np.exp(random.uniform(*np.log(OBJECT_PX))))
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
    centre = np.array([float(xs.min() + xs.max()) / 2, float(ys.min() + ys.max()) / 2])
    place = random.uniform(0.25, 0.75, 2) * size[::-1]
    way, direction = float(np.exp(random.normal(0.6, 0.9))), random.uniform(0, 2 * np.pi)
    if random.random() < STILL:
        way = 0.0
    limbs = tuple(_limb(rgb, mask, longer, random) for _ in range(int(random.choice(len(LIMBS), p=LIMBS))))
    joints = tuple(_joint(centre, longer, random) for _ in range(int(random.choice(len(JOINTS), p=JOINTS))))
    scale = wanted / longer
    return Mover(
        size,
        np.ascontiguousarray(rgb),
        alpha,
        (float(centre[0]), float(centre[1])),
        scale,
        place,
        min(way, FASTEST_PX) * np.array([np.cos(direction), np.sin(direction)]),
        random.normal(0, 0.025),
        random.normal(0, 0.012),
        random.normal(0, 0.015 * longer, (5, 5, 2)).astype(np.float32),
        random.normal(0, 0.004 * longer, (5, 5, 2)).astype(np.float32),
        joints,
        limbs,
    )


def _joint(centre: NDArray[np.float64], longer: float, random: np.random.Generator) -> Joint:
    turn = random.uniform(0, 2 * np.pi)
    point = centre + random.normal(0, 0.2 * longer, 2)
    swing = Swing.drawn(random, random.normal(0, 0.2), 0.3)
    return Joint(point, np.array([np.cos(turn), np.sin(turn)]), 0.06 * longer, swing)


def _limb(rgb: Pixels, mask: NDArray[np.bool_], longer: float, random: np.random.Generator) -> Limb:
    """Return a leg, a bar or a ring, of the object's own colours, mostly hung low on it."""
    ys, xs = np.nonzero(mask)
    low = ys >= np.quantile(ys, random.choice([0.0, 0.5, 0.75]))
    number = int(random.integers(np.count_nonzero(low)))
    point = np.array([xs[low][number], ys[low][number]], np.float64)
    long = max(12, round(longer * random.uniform(0.25, 0.7)))
    ring = random.random() < 0.2
    broad = long if ring else max(4, round(long * random.uniform(0.06, 0.35)))
    alpha = np.zeros((long + 8, broad + 8), np.float32)
    across, root = (broad + 8) / 2, 4.0
    if ring:
        thick = max(2, round(long * random.uniform(0.04, 0.12)))
        cv2.circle(alpha, (round(across), 4 + long // 2), max(2, long // 2 - thick), 1.0, thick, cv2.LINE_AA)
    else:
        foot = broad * random.uniform(0.4, 1.0)
        corners = [
            (across - broad / 2, 4),
            (across + broad / 2, 4),
            (across + foot / 2, long),
            (across - foot / 2, long),
        ]
        cv2.fillPoly(alpha, [np.array(corners, np.float64).round().astype(np.int32)], 1.0, cv2.LINE_AA)
    y, x = int(random.choice(ys)), int(random.choice(xs))
    high, wide = min(alpha.shape[0], rgb.shape[0]), min(alpha.shape[1], rgb.shape[1])
    y, x = min(y, rgb.shape[0] - high), min(x, rgb.shape[1] - wide)
    skin = cv2.resize(rgb[y : y + high, x : x + wide], alpha.shape[::-1])
    skin = np.clip(skin * np.float32(random.uniform(0.6, 1.1)), 0, 255).astype(np.uint8)
    swing = Swing.drawn(random, random.normal(0, 0.5), 0.5)
    return Limb(skin, alpha, (across, root), point, swing, random.random() < 0.5)
