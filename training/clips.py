"""Short synthetic clips with exact masks: an object cut out of one picture moves over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material import (
    Motion,
    SegmentedPicture,
    cast_shadow,
    choose_object,
    compress,
    grain,
    lay,
    motion_blur,
    random_motion,
    shade,
    without,
)
from training.material.deform import affine
from training.material.photograph import shading_field

SIZE = (216, 288)
OBJECT_PX = (45.0, 150.0)
"""Longer side of the object's box in the clip."""
PICTURE_PX = 420


@dataclass(frozen=True, slots=True)
class Clip:
    """Frame 0 shows the object in another pose, long before the others, which follow each other.

    frames: (H, W, 3) uint8 RGB each
    masks:  (H, W) bool each, what is to be seen of the object
    """

    frames: list[NDArray[np.uint8]]
    masks: list[NDArray[np.bool_]]


@dataclass(slots=True)
class _Mover:
    """A cut-out that goes its way."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    centre: tuple[float, float]
    scale: float
    place: NDArray[np.float64]
    speed: NDArray[np.float64]
    spin: float
    swell: float
    bend: NDArray[np.float32]
    bends: NDArray[np.float32]
    joint: _Joint | None
    age: int = 0

    def drawn(self, base: Motion | None = None) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return its pixels and alpha on the frame, as it stands."""
        motion = base or affine(
            SIZE,
            centre=self.centre,
            to=(float(self.place[0]), float(self.place[1])),
            scale=self.scale * float(np.exp(self.swell * self.age)),
            turn=self.spin * self.age,
        )
        field = cv2.resize(self.bend, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
        source = motion.source + field
        if self.joint is not None:
            source = self.joint.turned(source, self.age)
        moved = Motion(source.astype(np.float32))
        return moved.pixels(self.rgb), moved.mask(self.alpha)

    def go(self, random: np.random.Generator) -> None:
        self.place = self.place + self.speed
        self.speed = self.speed + random.normal(0, 0.15 * (np.hypot(*self.speed) + 0.3), 2)
        self.bend = self.bend + self.bends
        self.bends = (0.8 * self.bends + random.normal(0, 0.25, self.bends.shape)).astype(np.float32)
        self.age += 1


@dataclass(frozen=True, slots=True)
class _Joint:
    """One side of the object turns about a point."""

    point: NDArray[np.float64]
    side: NDArray[np.float64]
    soft_px: float
    angle: float
    rate: float

    def turned(self, source: NDArray[np.float32], age: int) -> NDArray[np.float32]:
        away = source - self.point
        share = 1 / (1 + np.exp(-np.clip(away @ self.side / self.soft_px, -30, 30)))
        angle = share * (self.angle + self.rate * age)
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y = away[..., 0], away[..., 1]
        return np.asarray(np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1) + self.point, np.float32)


def make_clip(pictures: Sequence[SegmentedPicture], random: np.random.Generator, length: int) -> Clip:
    """Return a clip of a reference frame and `length` frames that follow each other."""
    picture, mask = _cut_out(pictures, random)
    thing = _mover(picture.rgb, mask, random)
    ground, ground_speed = _ground(pictures, picture, mask, random)
    occluder = _occluder(pictures, thing, random) if random.random() < 0.35 else None
    double = _double(thing, random) if random.random() < 0.12 else None
    light = _Light.drawn(random)
    frames, masks = [], []
    for number in range(length + 1):
        canvas = _ground_at(ground, ground_speed, number, random)
        if double is not None:
            canvas = lay(canvas, *double.drawn())
            double.go(random)
        if number == 0:
            pixels, alpha = _other_pose(thing, random)
        else:
            pixels, alpha = thing.drawn()
            thing.go(random)
        pixels = light.on_thing(pixels, thing.speed)
        if light.shadow is not None:
            canvas = cast_shadow(canvas, alpha, *light.shadow)
        canvas = lay(canvas, pixels, alpha)
        if occluder is not None and number > 0:
            front, front_alpha = occluder.drawn()
            canvas, alpha = lay(canvas, front, front_alpha), alpha * (1 - front_alpha)
            occluder.go(random)
        frames.append(light.on_frame(canvas, random, first=number == 0))
        masks.append(alpha > 0.5)
    return Clip(frames, masks)


def _cut_out(
    pictures: Sequence[SegmentedPicture], random: np.random.Generator
) -> tuple[SegmentedPicture, NDArray[np.bool_]]:
    while True:
        picture = pictures[int(random.integers(len(pictures)))].shrunk(PICTURE_PX)
        mask = choose_object(picture, random)
        if mask is not None:
            return picture, mask


def _mover(rgb: NDArray[np.uint8], mask: NDArray[np.bool_], random: np.random.Generator) -> _Mover:
    ys, xs = np.nonzero(mask)
    longer = max(np.ptp(xs), np.ptp(ys)) + 1
    wanted = float(np.exp(random.uniform(*np.log(OBJECT_PX))))
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
    centre = (float(xs.min() + xs.max()) / 2, float(ys.min() + ys.max()) / 2)
    margin = 0.25
    place = np.array([random.uniform(margin, 1 - margin) * SIZE[1], random.uniform(margin, 1 - margin) * SIZE[0]])
    way, direction = float(np.exp(random.normal(0.6, 0.9))), random.uniform(0, 2 * np.pi)
    scale = wanted / float(longer)
    joint = None
    if random.random() < 0.45:
        turn = random.uniform(0, 2 * np.pi)
        point = np.array(centre) + random.normal(0, 0.2 * longer, 2)
        side = np.array([np.cos(turn), np.sin(turn)])
        joint = _Joint(point, side, 0.06 * float(longer), random.normal(0, 0.3), random.normal(0, 0.12))
    if random.random() < 0.5:
        rgb, alpha, centre = rgb[:, ::-1], alpha[:, ::-1], (rgb.shape[1] - 1 - centre[0], centre[1])
        joint = None
    return _Mover(
        np.ascontiguousarray(rgb),
        np.ascontiguousarray(alpha),
        centre,
        scale,
        place,
        min(way, 14.0) * np.array([np.cos(direction), np.sin(direction)]),
        random.normal(0, 0.025),
        random.normal(0, 0.012),
        random.normal(0, 0.015 * longer, (5, 5, 2)).astype(np.float32),
        random.normal(0, 0.004 * longer, (5, 5, 2)).astype(np.float32),
        joint,
    )


def _other_pose(thing: _Mover, random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    to = (float(random.uniform(0.3, 0.7) * SIZE[1]), float(random.uniform(0.3, 0.7) * SIZE[0]))
    return thing.drawn(random_motion(random, SIZE, thing.centre, to, thing.scale, random.uniform(0.2, 1.0)))


def _ground(
    pictures: Sequence[SegmentedPicture],
    picture: SegmentedPicture,
    mask: NDArray[np.bool_],
    random: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return a picture twice as large as the frame, and the camera's motion over it."""
    kind = random.random()
    if kind < 0.5:
        rgb = pictures[int(random.integers(len(pictures)))].rgb
    elif kind < 0.75:
        rgb = picture.rgb[:, ::-1]
    else:
        rgb = without(picture.rgb, mask)
    ratio = max(SIZE[0] / rgb.shape[0], SIZE[1] / rgb.shape[1]) * random.uniform(1.1, 1.8)
    size = (round(rgb.shape[1] * ratio), round(rgb.shape[0] * ratio))
    speed = random.normal(0, 2.5, 2) * (random.random() < 0.75)
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb), size), np.uint8), speed


def _ground_at(
    ground: NDArray[np.uint8], speed: NDArray[np.float64], number: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    middle = np.array([ground.shape[1] / 2, ground.shape[0] / 2])
    away = middle + speed * (number + (random.uniform(-6, 6, 2) if number == 0 else 0))
    zoom = 1 + 0.003 * speed[0] * number
    motion = affine(
        SIZE, centre=(away[0], away[1]), to=(SIZE[1] / 2, SIZE[0] / 2), scale=zoom, turn=0.002 * speed[1] * number
    )
    return motion.pixels(ground)


def _occluder(pictures: Sequence[SegmentedPicture], thing: _Mover, random: np.random.Generator) -> _Mover:
    picture, mask = _cut_out(pictures, random)
    front = _mover(picture.rgb, mask, random)
    front.scale *= 0.8
    meeting = int(random.integers(0, 6))
    front.place = thing.place + meeting * (thing.speed - front.speed) + random.normal(0, 25, 2)
    return front


def _double(thing: _Mover, random: np.random.Generator) -> _Mover:
    """Return another object that looks the same."""
    offset = random.choice([-1.0, 1.0], 2) * random.uniform(30, 110, 2)
    return _Mover(
        thing.rgb,
        thing.alpha,
        thing.centre,
        thing.scale * float(np.exp(random.normal(0, 0.2))),
        thing.place + offset,
        random.normal(0, 2, 2),
        -thing.spin,
        0.0,
        thing.bend[::-1].copy(),
        thing.bends[::-1].copy(),
        None,
    )


@dataclass(frozen=True, slots=True)
class _Light:
    fields: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    shadow: tuple[tuple[float, float], float, float] | None
    blur: float
    tone: float
    noise: float
    quality: int

    @classmethod
    def drawn(cls, random: np.random.Generator) -> _Light:
        fields = None
        if random.random() < 0.6:
            fields = (shading_field(random, SIZE, 0.18), shading_field(random, SIZE, 0.18))
        shadow = None
        if random.random() < 0.35:
            shadow = ((random.uniform(-40, 40), random.uniform(5, 50)), random.uniform(1, 6), random.uniform(0.2, 0.65))
        return cls(
            fields,
            shadow,
            random.uniform(0.3, 1.0) if random.random() < 0.45 else 0.0,
            float(np.exp(random.normal(0, 0.08))),
            random.uniform(0, 6),
            int(random.integers(45, 96)),
        )

    def on_thing(self, rgb: NDArray[np.uint8], speed: NDArray[np.float64]) -> NDArray[np.uint8]:
        return motion_blur(rgb, (self.blur * float(speed[0]), self.blur * float(speed[1])))

    def on_frame(self, rgb: NDArray[np.uint8], random: np.random.Generator, first: bool) -> NDArray[np.uint8]:
        if self.fields is not None:
            rgb = shade(rgb, self.fields[0 if first else 1])
        rgb = grain(rgb, random, self.noise, 1.0 if first else self.tone)
        return compress(rgb, self.quality)
