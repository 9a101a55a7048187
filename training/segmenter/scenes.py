"""Single frames with an object, its exact mask, and a made-up field of motion against the camera."""

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
    grain,
    lay,
    motion_blur,
    random_motion,
    shade,
)
from training.material.deform import Motion as Move
from training.material.deform import affine
from training.material.objects import on_border
from training.material.photograph import shading_field
from training.segmenter.moving import made_up_motion
from videdit.frames import Mask
from videdit_plugins.builtin.segmenter.motion import Motion

Pixels = NDArray[np.uint8]

SIDE = 224
"""Rows and columns of a scene, nearly as many as the engine works on."""
PASTED = 0.4
SHADOW = 0.2
LIMBED = 0.1
"""Chance of thin parts drawn onto the object: spokes, poles, legs."""
BORDERING = 0.15
"""Chance of an object that may be cut by the picture's border."""
STUFF, REFUSED = 0.35, 0.9
"""Share of the outline on the frame's border from which on a mask is likely sky or ground, and refused so often."""
WHOLE_GROUP = 0.5
"""Chance that all segments joined to the chosen one without touching the frame's border are the object."""
TRIES = 20


@dataclass(frozen=True, slots=True)
class Scene:
    """One question's picture.

    rgb:    (SIDE, SIDE, 3) uint8
    truth:  (SIDE, SIDE) bool, never empty
    motion: against the camera, at the size of the picture
    """

    rgb: Pixels
    truth: Mask
    motion: Motion


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a scene an object comes to lie.

    scale:  of its picture
    size:   its longer side in the scene, in pixels
    centre: of the object in its picture, (x, y)
    to:     where that is in the scene, (x, y)
    """

    scale: float
    size: float
    centre: tuple[float, float]
    to: tuple[float, float]


def place_of(mask: Mask, random: np.random.Generator, least_scale: float) -> Place:
    """Choose where the object of `mask` (H, W) goes, and how large it gets."""
    ys, xs = np.nonzero(mask)
    reach = max(float(np.ptp(xs)), float(np.ptp(ys))) + 1
    scale = float(np.clip(SIDE * random.uniform(0.15, 0.9) / reach, least_scale, 3.0))
    size = reach * scale
    room = max(0.0, SIDE - 0.9 * size)
    if random.random() < BORDERING:
        room = float(SIDE)
    x, y = SIDE / 2 + random.uniform(-0.5, 0.5, 2) * room
    centre = (float(xs.min() + xs.max()) / 2, float(ys.min() + ys.max()) / 2)
    return Place(scale, size, centre, (float(x), float(y)))


def window_onto(mask: Mask, place: Place, random: np.random.Generator) -> Move:
    """Return the move that cuts a window around the object out of its own picture, a little turned and stretched."""
    height, width = mask.shape
    # The window stays inside the picture as far as the picture is large enough.
    x, y = (
        float(np.clip(to, SIDE - place.scale * (length - centre), place.scale * centre))
        if place.scale * length >= SIDE
        else to
        for to, centre, length in zip(place.to, place.centre, (width, height), strict=True)
    )
    return affine(
        (SIDE, SIDE),
        centre=place.centre,
        to=(x, y),
        scale=place.scale,
        turn=float(random.normal(0, 0.06)),
        stretch=float(np.exp(random.normal(0, 0.1))),
    )


def make_scene(pictures: Sequence[SegmentedPicture], random: np.random.Generator) -> Scene:
    """Cut a window around an object out of a picture, or lay the object over another picture."""
    for _ in range(TRIES):
        picture = pictures[int(random.integers(len(pictures)))]
        mask = _object(picture, random)
        if mask is None or (on_border(mask) > STUFF and random.random() < REFUSED):
            continue
        made = _laid_out(pictures, picture, mask, random)
        if made is None:
            continue
        rgb, truth, alike = made
        return Scene(photographed(rgb, random), truth, made_up_motion(truth, alike, random))
    raise ValueError("these pictures hold no objects")


def _object(picture: SegmentedPicture, random: np.random.Generator) -> Mask | None:
    mask = choose_object(picture, random, (0.006, 0.5))
    if mask is None or picture.objects or random.random() > WHOLE_GROUP:
        return mask
    edge = np.unique(
        np.concatenate([picture.segments[0], picture.segments[-1], picture.segments[:, 0], picture.segments[:, -1]])
    )
    free = ~np.isin(picture.segments, edge)
    _, labels = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    chosen = np.unique(labels[mask & free])
    group = np.isin(labels, chosen[chosen > 0]) & free
    return group if 0.006 < group.mean() < 0.5 else mask


def _laid_out(
    pictures: Sequence[SegmentedPicture], picture: SegmentedPicture, mask: Mask, random: np.random.Generator
) -> tuple[Pixels, Mask, Mask] | None:
    """Return pixels, the truth, and what moves like the object without being it."""
    pasted = random.random() < PASTED
    # A picture smaller than the window would be mirrored at its border, and the object with it.
    place = place_of(mask, random, 0.3 if pasted else SIDE / min(mask.shape))
    if pasted:
        move = random_motion(random, (SIDE, SIDE), place.centre, place.to, place.scale, 0.7)
    else:
        move = window_onto(mask, place, random)
    smoothed = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
    alpha = move.mask(smoothed)
    truth = np.asarray(alpha > 0.5)
    if truth.sum() < 60 or truth.mean() > 0.75:
        return None
    alike = np.zeros_like(truth)
    if not pasted:
        rgb = move.pixels(picture.rgb)
    else:
        ground = _ground(pictures, random)
        if random.random() < SHADOW / PASTED:
            offset = (
                float(random.normal(0, 0.2 * place.size)),
                float(np.ptp(np.nonzero(mask)[0])) * place.scale * 0.45,
            )
            darkness = float(random.uniform(0.25, 0.7))
            shaded = cast_shadow(ground, alpha, offset, float(random.uniform(0.5, 4)), darkness)
            alike = np.asarray((ground.astype(int) - shaded).sum(axis=2) > 12) & ~truth
            ground = shaded
        thing = move.pixels(picture.rgb)
        if random.random() < 0.5:
            gain = np.exp(random.normal(0, 0.2)) * np.exp(random.normal(0, 0.05, 3))
            thing = np.asarray(np.clip(thing * gain, 0, 255), np.uint8)
        rgb = lay(ground, thing, cv2.GaussianBlur(alpha, (0, 0), float(random.uniform(0.3, 1.2))))
    if random.random() < LIMBED:
        rgb, truth = _with_limbs(rgb, truth, random)
    if random.random() < 0.5:
        rgb, truth, alike = (np.ascontiguousarray(one[:, ::-1]) for one in (rgb, truth, alike))
    return rgb, truth, alike


def _with_limbs(rgb: Pixels, truth: Mask, random: np.random.Generator) -> tuple[Pixels, Mask]:
    """Draw one to four bent lines that begin inside the object, in one of its colours, and count them to it."""
    ys, xs = np.nonzero(truth)
    reach = float(np.sqrt(len(ys)))
    pixels, drawn = rgb.copy(), truth.astype(np.uint8)
    colour = rgb[truth][int(random.integers(len(ys)))] * random.uniform(0.5, 1.1)
    for _ in range(int(random.integers(1, 5))):
        start = int(random.integers(len(ys)))
        heading = random.uniform(0, 2 * np.pi) + np.array([0.0, random.normal(0, 0.6)])
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * random.uniform(0.2, 0.6, (2, 1)) * reach
        points = np.cumsum(np.concatenate([[[xs[start], ys[start]]], steps]), axis=0)
        line = [np.rint(points).astype(np.int32).reshape(-1, 1, 2)]
        thick = int(random.integers(1, max(3, int(0.08 * reach))))
        cv2.polylines(pixels, line, False, tuple(float(one) for one in colour), thick, cv2.LINE_AA)
        cv2.polylines(drawn, line, False, 1, thick)
    return pixels, drawn > 0


def _ground(pictures: Sequence[SegmentedPicture], random: np.random.Generator) -> Pixels:
    rgb = pictures[int(random.integers(len(pictures)))].rgb
    least = min(rgb.shape[:2])
    side = int(random.uniform(0.4, 1.0) * least)
    y, x = (int(random.integers(length - side + 1)) for length in rgb.shape[:2])
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb[y : y + side, x : x + side], (SIDE, SIDE), interpolation=how), np.uint8)


def photographed(rgb: Pixels, random: np.random.Generator) -> Pixels:
    """Return (SIDE, SIDE, 3) uint8 as another camera and file would have it."""
    if random.random() < 0.3:
        rgb = motion_blur(rgb, tuple(random.normal(0, 2.5, 2)))
    if random.random() < 0.3:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), float(random.uniform(0.4, 1.5))), np.uint8)
    if random.random() < 0.3:
        rgb = shade(rgb, shading_field(random, (SIDE, SIDE), 0.15))
    if random.random() < 0.7:
        tint = np.exp(random.normal(0, 0.12)) * np.exp(random.normal(0, 0.04, 3))
        rgb = np.asarray(255 * (np.clip(rgb * tint / 255, 0, 1) ** np.exp(random.normal(0, 0.15))), np.uint8)
    if random.random() < 0.4:
        rgb = grain(rgb, random, float(random.uniform(0.5, 6)))
    if random.random() < 0.4:
        rgb = compress(rgb, int(random.integers(35, 95)))
    return rgb
