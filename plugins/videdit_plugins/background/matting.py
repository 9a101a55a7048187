"""Cut objects out along hair, fur and motion blur."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.frames import Alpha, Mask, Rgb
from videdit.ops import distance_to, signed_distance

OUTER_BANDS = 2
"""Hair reaches farther out of a mask than a mask reaches into the background."""
_CORE_SHARE = 0.6
_INVISIBLE = 1 / 255
_CONTEXT_PX = 4
_NOISE_VARIANCE = 1e-5
"""Of colours in [0, 1]: the blocks of compressed film are not mistaken for edges."""
_TRUST_IN_MASK = 0.05


class CannotSolve(Exception):
    """The equations of a matte have no solution that can be found."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """Objects without what was behind them.

    opacity: (h, w) float32 in [0, 1]; exactly 1 in the certain inside, exactly 0 in the certain background
    colours: (h, w, 3) dtype of the frame, the objects' own colours wherever opacity is above 0
    """

    opacity: Alpha
    colours: Rgb


@dataclass(frozen=True, slots=True)
class Trimap:
    """inside, outside: (h, w) bool, what is certain. The rest is for the matte to find out."""

    inside: Mask
    outside: Mask


def trimap_of(mask: Mask, band_px: float) -> Trimap:
    """Leave a band of `band_px` inside the mask's edge and OUTER_BANDS times that outside it undecided.

    Limbs thinner than the band keep a core that is certain, so that a leg does not dissolve.
    """
    depth = distance_to(~mask)
    reach = 2 * math.ceil(band_px) + 1
    thickness = cv2.dilate(np.where(mask, depth, 0).astype(np.float32), np.ones((reach, reach), np.uint8))
    inside = mask & (depth > np.minimum(band_px, _CORE_SHARE * thickness)) & (depth > 1)
    return Trimap(inside, distance_to(mask) > OUTER_BANDS * band_px)


def cut_out(rgb: Rgb, mask: Mask, band_px: float, most_unknown_px: int) -> Cutout:
    """Find how opaque each pixel near the mask's edge is, and the object's own colour in it.

    rgb:             (h, w, 3) uint8 or uint16
    mask:            (h, w) bool
    most_unknown_px: pixels to solve for in one piece; larger pieces are solved at a smaller scale

    Raises CannotSolve.
    Sources: A. Levin, D. Lischinski, Y. Weiss, "A Closed-Form Solution to Natural Image Matting", 2008; T. Germer
    et al., "Fast Multi-Level Foreground Estimation", 2020; both as pymatting has them.
    """
    opacity = mask.astype(np.float32)
    colours = rgb.copy()
    reach_px = math.ceil(OUTER_BANDS * band_px) + _CONTEXT_PX
    near = videdit.Region.of(mask).grown(reach_px, opacity.shape)
    if mask.any() and band_px > 0:
        part = Cutout(opacity[near.slices], colours[near.slices])
        _solve_pieces(rgb[near.slices], mask[near.slices], band_px, most_unknown_px, into=part)
    return Cutout(opacity, colours)


def _solve_pieces(rgb: Rgb, mask: Mask, band_px: float, most_unknown_px: int, into: Cutout) -> None:
    trimap = trimap_of(mask, band_px)
    edge = signed_distance(mask)
    believed = np.clip(np.where(mask, -edge / band_px, -edge / (OUTER_BANDS * band_px)), -1, 1).astype(np.float64)
    for region, own in _pieces(trimap):
        inside = region.slices
        piece = Trimap(trimap.inside[inside], trimap.outside[inside])
        if not piece.inside.any() or not piece.outside.any():
            continue  # nothing to tell object from background by: the mask stays as it is
        picture = rgb[inside] / float(np.iinfo(rgb.dtype).max)
        opacity = _solved(picture, piece, believed[inside], most_unknown_px)
        into.opacity[inside][own] = opacity[own]
        into.colours[inside][own] = _own_colours(picture, opacity, rgb[inside])[own]


def _pieces(trimap: Trimap) -> Iterator[tuple[videdit.Region, Mask]]:
    """Yield a region around each object and its edge, and what of it is the object's; far objects are solved apart."""
    near = (~trimap.outside).view(np.uint8)
    unknown = ~(trimap.outside | trimap.inside)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    for label in range(1, count):
        x, y, width, height = (int(value) for value in stats[label, :4])
        region = videdit.Region(x, y, x + width, y + height).grown(_CONTEXT_PX, near.shape)
        own = labels[region.slices] == label
        if (unknown[region.slices] & own).any():
            yield region, own


def _solved(picture: NDArray[np.float64], trimap: Trimap, believed: NDArray[np.float64], most_unknown_px: int) -> Alpha:
    """Return the opacity of a piece.

    believed: (h, w) from -1 to 1, 0 at the mask's edge, how far inside (1) or outside (-1) of it by its band
    """
    unknown = ~(trimap.inside | trimap.outside)
    scale = math.sqrt(min(1.0, most_unknown_px / int(unknown.sum())))
    if scale < 1:
        height, width = unknown.shape
        size = (max(8, round(width * scale)), max(8, round(height * scale)))
        small = np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0, 1)  # means round to above 1
        known = Trimap(
            *(
                cv2.resize(certain.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
                for certain in (trimap.inside, trimap.outside)
            )
        )
        matte = _matte(small, known, cv2.resize(believed, size, interpolation=cv2.INTER_LINEAR))
        opacity = np.asarray(cv2.resize(matte, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    else:
        opacity = _matte(picture, trimap, believed).astype(np.float32)
    opacity[opacity < _INVISIBLE] = 0
    opacity[opacity > 1 - _INVISIBLE] = 1
    opacity[trimap.inside] = 1
    opacity[trimap.outside] = 0
    return opacity


def _matte(picture: NDArray[np.float64], trimap: Trimap, believed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve the closed-form matte with a pull towards the mask that grows with the distance from its edge.

    Without the pull, a background of the object's colours leaks in as wisps.
    """
    from pymatting.laplacian.cf_laplacian import cf_laplacian
    from pymatting.preconditioner.ichol import ichol
    from pymatting.solver.cg import cg
    from scipy.sparse import diags

    known = (trimap.inside | trimap.outside).ravel()
    laplacian = cf_laplacian(picture, epsilon=_NOISE_VARIANCE, is_known=known)
    rows = laplacian[~known, :]
    trust = _TRUST_IN_MASK * believed.ravel()[~known] ** 2
    left = (rows[:, ~known] + diags(trust)).tocsc()
    right = trust * (believed.ravel()[~known] > 0) - rows[:, known].dot(trimap.inside.ravel()[known].astype(float))
    opacity = trimap.inside.astype(np.float64).ravel()
    try:
        opacity[~known] = cg(left, right, M=ichol(left))
    except ValueError as error:  # what both raise when they do not get there
        raise CannotSolve(str(error)) from error
    return np.clip(opacity, 0, 1).reshape(trimap.inside.shape)


def _own_colours(picture: NDArray[np.float64], opacity: Alpha, rgb: Rgb) -> Rgb:
    from pymatting.foreground.estimate_foreground_ml import estimate_foreground_ml

    estimate = estimate_foreground_ml(picture.astype(np.float32), opacity)
    scaled = np.rint(np.clip(estimate, 0, 1) * np.iinfo(rgb.dtype).max).astype(rgb.dtype)
    return np.where((opacity < 1)[..., None], scaled, rgb)
