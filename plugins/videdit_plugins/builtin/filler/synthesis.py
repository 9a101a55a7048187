"""Make up what no frame shows: coarse to fine, from patches of the surroundings."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.filler.diffusion import Plane, extend
from videdit_plugins.builtin.filler.patches import RADIUS, recost, search, usable_centres, vote

_COARSEST_DEPTH_PX = 3.0
"""Levels are added until the hole is this deep: then its rim's patches reach its middle."""
_LEAST_USABLE = 32
_ROUNDS = (6, 5, 4, 3, 2)
"""Rounds of search and vote by level from the coarsest; the last figure counts for all finer ones."""
_MOST_SEARCHED = 80_000
"""Levels with more targets take the patches of the level before and only copy finer pixels."""
_FADE = 1.25
"""Trust in made-up pixels falls by this factor for each pixel from the rim."""
_LEAST_TRUST = 0.1


@dataclass(slots=True)
class _Level:
    image: Plane
    missing: Mask
    foreign: Mask


def synthesise(rgb: Plane, missing: Mask, seed: int, foreign: Mask | None = None) -> Plane:
    """Fill `missing` with texture of the rest of the picture.

    rgb:     (h, w, 3) float32, codes of 0..255; what stands in missing places is not looked at
    missing: (h, w) bool
    seed:    of the random search; the same seed gives the same picture
    foreign: (h, w) bool, what is known but no texture to go by: something that stands before the ground

    Returns (h, w, 3) float32. Where too little is known for patches, colours flow in smoothly.
    Source: A. Newson et al., "Video Inpainting of Complex Scenes", 2014, in the plane; Y. Wexler et al., 2007.
    """
    foreign = _to_avoid(missing, foreign)
    smooth = flowed_in(rgb, missing, foreign)
    levels = _pyramid(smooth, missing, foreign)
    if not levels:
        return smooth
    found: NDArray[np.int32] | None = None
    for number, level in enumerate(levels):
        found = _solve(level, found, number, seed, number == len(levels) - 1)
    return levels[-1].image


def flowed_in(rgb: Plane, missing: Mask, foreign: Mask | None = None) -> Plane:
    """Fill `missing` with the colours around it, smoothly; arguments as of `synthesise`."""
    known = ~(missing | _to_avoid(missing, foreign))
    return np.where(missing[..., None], extend(rgb, known.astype(np.float32)), rgb)


def _to_avoid(missing: Mask, foreign: Mask | None) -> Mask:
    """Return what is foreign and known; nothing where else nothing would be left to go by."""
    if foreign is None or (missing | foreign).all():
        return np.zeros_like(missing)
    return foreign & ~missing


def _pyramid(image: Plane, missing: Mask, foreign: Mask) -> list[_Level]:
    """Return levels from the coarsest to the finest, all with patches enough to copy from; none if there are none."""
    levels: list[_Level] = []
    while np.count_nonzero(usable_centres(missing | foreign)) >= _LEAST_USABLE:
        levels.insert(0, _Level(image.copy(), missing, foreign))
        depth = cv2.distanceTransform(missing.view(np.uint8), cv2.DIST_L2, 3).max()
        if depth <= _COARSEST_DEPTH_PX:
            break
        height, width = (missing.shape[0] + 1) // 2, (missing.shape[1] + 1) // 2
        known = (~missing).astype(np.float32)
        weight = cv2.resize(known, (width, height), interpolation=cv2.INTER_AREA)
        shrunk = cv2.resize(image * known[..., None], (width, height), interpolation=cv2.INTER_AREA)
        missing = np.asarray(weight < 0.5)
        foreign = ~missing & (cv2.resize(foreign.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0)
        guess = np.asarray(shrunk) / np.maximum(weight, 1e-3)[..., None]
        image = flowed_in(guess, missing, foreign).astype(np.float32)
    return levels


def _solve(
    level: _Level, coarse_found: NDArray[np.int32] | None, number: int, seed: int, last: bool
) -> NDArray[np.int32]:
    """Fill one level in place; return (h, w, 2) int32, where each pixel's nearest patch is."""
    missing, image = np.ascontiguousarray(level.missing), level.image
    height, width = missing.shape
    usable = usable_centres(missing | level.foreign)
    side = 2 * RADIUS + 1
    targets = np.asarray(cv2.dilate(missing.view(np.uint8), np.ones((side, side), np.uint8)) > 0)
    places = np.argwhere(targets).astype(np.int32)
    numbers = np.full(missing.shape, -1, np.int32)
    numbers[targets] = np.arange(len(places), dtype=np.int32)
    depth = cv2.distanceTransform(missing.view(np.uint8), cv2.DIST_L2, 3)
    trust = np.maximum(_FADE ** -np.asarray(depth), _LEAST_TRUST).astype(np.float32)
    trust[level.foreign] = 0
    found = _first_guess(places, usable, coarse_found, seed)
    costs = np.full(len(places), 1e9, np.float32)
    if coarse_found is not None:
        vote(image, missing, numbers, found, np.zeros_like(costs), 1.0)
    rounds = _ROUNDS[min(number, len(_ROUNDS) - 1)] if len(places) <= _MOST_SEARCHED or coarse_found is None else 1
    for turn in range(rounds):
        # The picture has changed since the last vote, so the old costs no longer hold.
        recost(image, trust, places, found, costs)
        for sweep in range(2 if len(places) <= _MOST_SEARCHED else 0):
            search(image, trust, usable, places, numbers, found, costs, seed + 31 * turn + 7 * sweep, sweep % 2 == 1)
        final = last and turn == rounds - 1
        softness = max(1.0, float(np.percentile(costs, 5 if final else 60)))
        vote(image, missing, numbers, found, costs, softness)
    whole = np.zeros((height, width, 2), np.int32)
    whole[targets] = found
    whole[~targets] = np.argwhere(~targets)
    return whole


def _first_guess(
    places: NDArray[np.int32], usable: Mask, coarse_found: NDArray[np.int32] | None, seed: int
) -> NDArray[np.int32]:
    choices = np.argwhere(usable).astype(np.int32)
    random = choices[np.random.default_rng(seed).integers(0, len(choices), len(places))]
    if coarse_found is None:
        return random
    half = np.minimum(places // 2, np.array(coarse_found.shape[:2]) - 1)
    guess = 2 * coarse_found[half[:, 0], half[:, 1]] + places % 2
    inside = (guess < usable.shape).all(axis=1)
    inside[inside] = usable[guess[inside, 0], guess[inside, 1]]
    return np.ascontiguousarray(np.where(inside[:, None], guess, random), np.int32)
