"""How much a mask on a frame looks like the object of a gallery."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from videdit.tracking.reidentify.gallery import Gallery, View, nearest

NEAR = 2.0
Vector: TypeAlias = NDArray[np.float32]


def figures(gallery: Gallery, seen: View) -> dict[str, float]:
    """Return what the likeness is made of, each in [0, 1], 1 for the same.

    colour:   most that the shares of colours have in common with those of a view
    cells:    share of its cells that resemble the object's, and not what was around it
    complete: share of the cells of the best view that are found in it
    layout:   how near its colours lie to those of a view in the same places of the box, mirrored or not
    shape:    IoU with the mask of a view, both brought to one box
    size:     ratio of areas to the nearest view's
    learned ROLE: what the descriptor of an engine says: 0 as far away as the object's own surroundings were,
              1 as near as its views are to each other
    """
    own, ground = nearest(seen.cells, gallery.cells), nearest(seen.cells, gallery.ground)
    alike = np.exp(-np.square(own / (NEAR * gallery.near))) * (own < ground)
    complete = max(
        float(np.exp(-np.square(nearest(view.cells, seen.cells) / (NEAR * gallery.near))).mean())
        for view in gallery.views
    )
    found = {
        "colour": max(float(np.minimum(view.colour, seen.colour).sum()) for view in gallery.views),
        "cells": float(alike.mean()),
        "complete": complete,
        "layout": max(_layout(view, seen) for view in gallery.views),
        "shape": max(_shape(view, seen) for view in gallery.views),
        "size": max(min(view.area_px, seen.area_px) / max(view.area_px, seen.area_px) for view in gallery.views),
    }
    for role, descriptor in seen.learned.items():
        value = _learned(gallery, role, descriptor)
        if value is not None:
            found[f"learned {role}"] = value
    return found


def _learned(gallery: Gallery, role: str, descriptor: Vector) -> float | None:
    views = [view.learned[role] for view in gallery.views if role in view.learned]
    ground = [view.ground_learned[role] for view in gallery.views if role in view.ground_learned]
    if not views or not ground or any(len(one) != len(descriptor) for one in views):
        return None
    among = (
        [max(float(one @ other) for other in views if other is not one) for one in views] if len(views) > 1 else [1.0]
    )
    own, apart = float(np.mean(among)), float(np.mean([max(float(one @ view) for view in views) for one in ground]))
    best = max(float(one @ descriptor) for one in views)
    return min(1.0, max(0.0, (best - apart) / max(1e-3, own - apart)))


def _layout(one: View, other: View) -> float:
    return max(_near(one, other.patch, other.shape), _near(one, other.patch[:, ::-1], other.shape[:, ::-1]))


def _near(one: View, patch: Vector, shape: Vector) -> float:
    weight = np.minimum(one.shape, shape)
    if weight.sum() < 1e-3:
        return 0.0
    away = np.linalg.norm((one.patch - patch) * np.array([0.6, 1.5, 1.5], np.float32), axis=2)
    return float((np.exp(-np.square(away / 40)) * weight).sum() / weight.sum())


def _shape(one: View, other: View) -> float:
    return max(_overlap(one.shape, other.shape), _overlap(one.shape, other.shape[:, ::-1]))


def _overlap(one: Vector, other: Vector) -> float:
    return float(np.minimum(one, other).sum() / max(1e-6, np.maximum(one, other).sum()))


# Fitted by logistic regression on 567 masks of the ten development sequences: of an object in the second half of its
# sequence, and of what looked most like it in the others'. Leaving each object out in turn changed them little.
EXPONENTS: Mapping[str, float] = {
    "colour": 2.96,
    "cells": 2.22,
    "complete": 4.54,
    "layout": 2.42,
    "shape": 1.77,
    "size": 0.44,
}
BIAS = 8.16
LEAST = 0.05


def likeness(found: Mapping[str, float]) -> float:
    """Return the chance that it is the object, in [0, 1].

    One figure that is low is not made up for by the others: logarithms are added. What engines say of themselves,
    figures named "learned ...", has no fitted weight; the chance is the geometric mean of all there are.
    """
    total = BIAS + sum(power * math.log(max(found[name], LEAST)) for name, power in EXPONENTS.items())
    chances = [1 / (1 + math.exp(-total)), *(value for name, value in found.items() if name.startswith("learned "))]
    return math.exp(sum(math.log(max(one, 1e-6)) for one in chances) / len(chances))
