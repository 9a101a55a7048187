"""Short synthetic clips with exact masks: an object cut out of one picture moves over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.material import (
    SegmentedPicture,
    cast_shadow,
    choose_object,
    compress,
    foot_shadow,
    grain,
    lay,
    motion_blur,
    random_motion,
    shade,
    without,
)
from training.material.deform import affine
from training.material.photograph import shading_field
from training.movers import Mover, mover

SIZE = (216, 288)
PICTURE_PX = 420
OCCLUDED = 0.35
DOUBLED = (0.7, 0.2, 0.1)
"""Chances of 0 to 2 others that look the same."""
THROWN, AT_THE_FOOT = 0.15, 0.4
"""Chances of a shadow thrown far, and of one that lies at the object's foot."""
STATIC = 0.35
"""Chance that the camera stands still."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Frame 0 shows the object in another pose, long before the others, which follow each other.

    frames: (H, W, 3) uint8 RGB each
    masks:  (H, W) bool each, what is to be seen of the object
    """

    frames: list[NDArray[np.uint8]]
    masks: list[NDArray[np.bool_]]


def make_clip(pictures: Sequence[SegmentedPicture], random: np.random.Generator, length: int) -> Clip:
    """Return a clip of a reference frame and `length` frames that follow each other."""
    picture, mask = _cut_out(pictures, random)
    thing = mover(picture.rgb, mask, SIZE, random)
    ground, ground_speed = _ground(pictures, picture, mask, random)
    hider = occluder(pictures, thing.place, thing.speed, random) if random.random() < OCCLUDED else None
    doubles = [thing.double(random) for _ in range(int(random.choice(len(DOUBLED), p=DOUBLED)))]
    # Every second one passes before the object.
    before, behind = doubles[1::2], doubles[::2]
    if random.random() < 0.5:
        before, behind = behind, before
    light = Light.drawn(random)
    frames, masks = [], []
    for number in range(length + 1):
        canvas = _ground_at(ground, ground_speed, number, random)
        for double in behind:
            canvas = light.laid(canvas, *double.drawn())
        if number == 0:
            pixels, alpha = _other_pose(thing, random)
        else:
            pixels, alpha = thing.drawn()
            thing.go(random)
        canvas = light.laid(canvas, light.on_thing(pixels, thing.speed), alpha)
        # On the frame that is given, the object is to be seen.
        if number > 0:
            for front in [*before, *([] if hider is None else [hider])]:
                front_pixels, front_alpha = front.drawn()
                canvas, alpha = lay(canvas, front_pixels, front_alpha), alpha * (1 - front_alpha)
        for other in [*doubles, *([] if hider is None or number == 0 else [hider])]:
            other.go(random)
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


def _other_pose(thing: Mover, random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
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
    speed = random.normal(0, 2.5, 2) * (random.random() >= STATIC)
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


def occluder(
    pictures: Sequence[SegmentedPicture],
    place: NDArray[np.float64],
    speed: NDArray[np.float64],
    random: np.random.Generator,
) -> Mover:
    """Return something that will pass before what is at `place` (x, y) and moves by `speed` a frame."""
    picture, mask = _cut_out(pictures, random)
    front = mover(picture.rgb, mask, SIZE, random)
    front.scale *= random.choice([0.6, 0.8, 1.3])
    meeting = int(random.integers(0, 9))
    front.place = place + meeting * (speed - front.speed) + random.normal(0, 25, 2)
    return front


@dataclass(frozen=True, slots=True)
class Light:
    """What a camera and the sun make of a clip."""

    fields: tuple[NDArray[np.float32], NDArray[np.float32]] | None
    thrown: tuple[tuple[float, float], float, float] | None
    at_foot: tuple[float, float, float, float] | None
    blur: float
    tone: float
    noise: float
    quality: int

    @classmethod
    def drawn(cls, random: np.random.Generator) -> Light:
        fields = None
        if random.random() < 0.6:
            fields = (shading_field(random, SIZE, 0.18), shading_field(random, SIZE, 0.18))
        thrown = at_foot = None
        kind = random.random()
        if kind < THROWN:
            thrown = ((random.uniform(-40, 40), random.uniform(5, 50)), random.uniform(1, 6), random.uniform(0.2, 0.65))
        elif kind < THROWN + AT_THE_FOOT:
            squash = random.choice([-1.0, 1.0]) * random.uniform(0.06, 0.5)
            at_foot = (squash, random.normal(0, 0.5), random.uniform(0.3, 4), random.uniform(0.25, 0.85))
        return cls(
            fields,
            thrown,
            at_foot,
            random.uniform(0.3, 1.0) if random.random() < 0.45 else 0.0,
            float(np.exp(random.normal(0, 0.08))),
            random.uniform(0, 6),
            int(random.integers(45, 96)),
        )

    def on_thing(self, rgb: NDArray[np.uint8], speed: NDArray[np.float64]) -> NDArray[np.uint8]:
        return motion_blur(rgb, (self.blur * float(speed[0]), self.blur * float(speed[1])))

    def laid(self, ground: NDArray[np.uint8], rgb: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return `ground` with the shadow of an object and the object."""
        if self.thrown is not None:
            ground = cast_shadow(ground, alpha, *self.thrown)
        if self.at_foot is not None:
            ground = foot_shadow(ground, alpha, *self.at_foot)
        return lay(ground, rgb, alpha)

    def on_frame(self, rgb: NDArray[np.uint8], random: np.random.Generator, first: bool) -> NDArray[np.uint8]:
        if self.fields is not None:
            rgb = shade(rgb, self.fields[0 if first else 1])
        rgb = grain(rgb, random, self.noise, 1.0 if first else self.tone)
        return compress(rgb, self.quality)
