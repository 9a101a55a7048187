"""What an object's memory takes in from a frame: the truth a person gave, or the tracker's own result."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from videdit.frames import Region
from videdit_plugins.builtin.tracker.channels import look, to_cells
from videdit_plugins.builtin.tracker.clean import largest_gap
from videdit_plugins.builtin.tracker.colours import histograms
from videdit_plugins.builtin.tracker.follow import Proposal
from videdit_plugins.builtin.tracker.memory import Exemplar, places
from videdit_plugins.builtin.tracker.planes import FloatMap, Plane
from videdit_plugins.builtin.tracker.refiner import Refiner
from videdit_plugins.builtin.tracker.roi import roi_around
from videdit_plugins.builtin.tracker.score import unlike
from videdit_plugins.builtin.tracker.target import KEPT_GIVEN, Target

COLOURS_FADE = 0.7
USUAL_FADE = 0.95
CONTRAST_FADE = 0.9


def learn_given(
    target: Target, index: int, plane: Plane, probability: FloatMap, sides: tuple[int, int], refiner: Refiner | None
) -> None:
    """Remember for good that on frame `index` the object was `probability` (h, w) float32 of work size.

    sides: see `roi_around`
    """
    mask = probability > 0.5
    if not mask.any():
        return
    roi = roi_around(Region.of(mask), plane.size, sides)
    seen = look(plane, roi)
    inside = roi.cut(probability)
    cells = to_cells(inside)
    # Neighbours are alike, so every third cell, in scan order, remembers as well as all of them.
    learned = None if refiner is None else places(refiner.encode(seen.lab).keys, inside)
    one = Exemplar(index, seen.cells[::3], seen.places[::3], cells[::3], learned)
    target.given.append(one)
    if len(target.given) > KEPT_GIVEN:
        # The sums of the classifier and the colours still hold it.
        del target.given[1]
    target.appearance.learn(seen.lifted, cells, given=True)
    shares = histograms(seen.bins, inside)
    count = len(target.given)
    before = shares if target.given_colours is None else target.given_colours
    target.given_colours = ((before * (count - 1) + shares) / count).astype(np.float32)
    if target.probability is probability or target.recent_colours is None:
        # What was tracked up to here led to a result that a person put right, or there is none yet.
        target.appearance.unlearn()
        target.recent_colours = shares
        target.last_places = learned
        target.first_match = target.usual_match = target.usual_contrast = target.usual_apart = 0.0
        _remember_size(target, probability, 0.0)
    target.gap = max(target.gap, largest_gap(mask))


def learn_tracked(target: Target, one: Proposal, inside: FloatMap, named: Mapping[str, float]) -> None:
    """Take in the tracker's own result, `inside` (h, w) float32 on the window's grid.

    named: its figures, see `score.figures`
    """
    target.appearance.learn(one.seen.lifted, to_cells(inside), given=False)
    if one.keys is not None:
        target.last_places = places(one.keys, inside)
    shares = histograms(one.seen.bins, inside)
    before = shares if target.recent_colours is None else target.recent_colours
    target.recent_colours = (COLOURS_FADE * before + (1 - COLOURS_FADE) * shares).astype(np.float32)
    _remember_size(target, target.probability, USUAL_FADE)
    match, contrast = named["match"], named["contrast"]
    target.first_match = target.first_match or match
    target.usual_match = _faded(target.usual_match, match, USUAL_FADE)
    if one.apart is not None:
        target.usual_apart = _faded(target.usual_apart, one.apart, USUAL_FADE)
    if not unlike(target, named):
        target.usual_contrast = _faded(target.usual_contrast, contrast, CONTRAST_FADE)


def learn_adopted(
    target: Target, plane: Plane, probability: FloatMap, sides: tuple[int, int], refiner: Refiner | None
) -> None:
    """Take in a mask that is better than the tracker's own, `probability` (h, w) float32 of work size.

    It is remembered as tracked frames are, and fades as they do: it is no truth.
    """
    mask = probability > 0.5
    if not mask.any() or target.recent_colours is None:
        return
    roi = roi_around(Region.of(mask), plane.size, sides)
    seen = look(plane, roi)
    inside = roi.cut(probability)
    target.appearance.learn(seen.lifted, to_cells(inside), given=False)
    shares = histograms(seen.bins, inside)
    target.recent_colours = (COLOURS_FADE * target.recent_colours + (1 - COLOURS_FADE) * shares).astype(np.float32)
    if refiner is not None:
        target.last_places = places(refiner.encode(seen.lab).keys, inside)
    _remember_size(target, probability, USUAL_FADE)


def _faded(usual: float, now: float, fade: float) -> float:
    """Return the running mean `usual`, 0 before there is one, with the value of this frame taken in."""
    return fade * (usual or now) + (1 - fade) * now


def _remember_size(target: Target, probability: FloatMap, fade: float) -> None:
    mask = probability > 0.5
    box = Region.of(mask)
    high, wide = target.usual_box
    target.usual_box = (fade * high + (1 - fade) * box.height, fade * wide + (1 - fade) * box.width)
    size = mask.shape
    target.left = box.x0 <= 1 or box.y0 <= 1 or box.x1 >= size[1] - 1 or box.y1 >= size[0] - 1
    target.usual_area = fade * target.usual_area + (1 - fade) * int(np.count_nonzero(mask))
