"""What the evidence says of one object on the next frame: followed from the last one, or found again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Region
from videdit_plugins.builtin.tracker.behind import apart_from, odds_of
from videdit_plugins.builtin.tracker.channels import Channels, Look, channels, look, moved_beside
from videdit_plugins.builtin.tracker.combine import LARGEST, log_odds, sigmoid
from videdit_plugins.builtin.tracker.decoys import carried, decoys_beside, is_decoy
from videdit_plugins.builtin.tracker.effort import Effort
from videdit_plugins.builtin.tracker.flow import median_shift
from videdit_plugins.builtin.tracker.planes import FloatMap
from videdit_plugins.builtin.tracker.reach import at_work_size
from videdit_plugins.builtin.tracker.refiner import Refiner
from videdit_plugins.builtin.tracker.roi import Roi, roi_around
from videdit_plugins.builtin.tracker.scenes import Scene
from videdit_plugins.builtin.tracker.score import contrast
from videdit_plugins.builtin.tracker.search import REFUSED_FRAMES, find_again
from videdit_plugins.builtin.tracker.target import Target

WEAK_AREA = 0.12
"""Below these shares of the usual area and match the object may be lost."""
WEAK_MATCH = 0.62
GONE_AREA = 0.06
SLIVER_AREA = 0.02
DOUBTED_FRAMES = 2
"""After so many frames of doubt the object is looked for elsewhere."""
BETTER = 1.5
ACCEPT_LIKENESS = 0.6
ACCEPT_AREA = (0.25, 1.7)
REACHABLE = 0.6
FAR_LIKENESS = 0.9
"""What lies where it cannot be while another object hides it, or looked like it before, has to be as much like it."""
LIKE_GROUND = 0.5
"""What is apart from the ground by less than this share of what the object was has to be as much like it, too."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One object on one frame, before the objects are weighed against each other.

    probability: (h, w) float32 on the grid of the window `roi`
    keys:        what the network compares the window by, None without one
    apart:       how far it is from what other frames show there, None if that is not known
    again:       whether it was lost, and found by its looks
    """

    roi: Roi
    seen: Look
    evidence: Channels
    probability: FloatMap
    keys: NDArray[np.float32] | None = None
    apart: float | None = None
    again: bool = False

    @property
    def area(self) -> float:
        """Expected area in work pixels."""
        across, down = self.roi.zoom
        return float((self.probability > 0.5).sum()) / (across * down)

    @property
    def match(self) -> float:
        """Share of the object where something of the given frames was found, in [0, 1]."""
        return float((self.probability * self.evidence.found).sum() / (self.probability.sum() + 1e-6))


def propose(
    target: Target, scene: Scene, search: bool, effort: Effort, refiner: Refiner | None = None
) -> Proposal | None:
    """Return where `target` is on the frame that `scene` shows, or None if it is not to be seen.

    search:  whether to look in the whole frame when the object is lost
    refiner: the learned part, if there is to be one
    """
    if not target.known:
        return None
    mask = target.probability > 0.5
    followed = None
    if target.decoys is not None:
        target.decoys = carried(target.decoys, scene.forward)
    if mask.any():
        shift = median_shift(scene.forward, mask)
        followed = _at(target, Region.of(mask), scene, shift, effort, refiner)
        if not _weak(target, followed):
            target.decoys = None
            return followed
        if target.decoys is None and search:
            target.decoys = carried(decoys_beside(target, scene.before, effort.grid_sides), scene.forward)
    again = _found(target, scene, effort) if search else None
    if again is None:
        # A sliver that is all that is left at the frame's border, or of an occlusion, is no object, nor is what has
        # not looked like it for a while.
        gone = followed is None or followed.area < GONE_AREA * target.usual_area or target.doubted >= DOUBTED_FRAMES
        return None if gone else followed
    if followed is None or again.match * again.area > BETTER * followed.match * followed.area:
        return replace(again, again=True)
    return followed


def sliver(target: Target, probability: FloatMap) -> bool:
    """Return whether `probability` (h, w) float32 of work size, what rivals and edges left, shows hardly anything."""
    return bool(np.count_nonzero(probability > 0.5) <= SLIVER_AREA * target.usual_area)


def _at(
    target: Target, box: Region, scene: Scene, shift: tuple[int, int], effort: Effort, refiner: Refiner | None
) -> Proposal:
    now, ground = scene.now, scene.ground
    moved = Region(box.x0 + shift[0], box.y0 + shift[1], box.x1 + shift[0], box.y1 + shift[1])
    roi = roi_around(moved, now.size, effort.grid_sides)
    moving = moved_beside(target, scene.before, now, roi, shift, effort.fine_flow)
    seen = look(now, roi)
    # What the network makes of the picture alone need not wait for the flow.
    encoded = None if refiner is None else refiner.encode(seen.lab)
    evidence = channels(target, now.index, seen, roi, moving)
    odds = log_odds(evidence)
    if ground is not None:
        behind = odds_of(ground, roi.paste(evidence.warped, now.size, 0.0), now.size)
        odds = np.clip(odds + roi.cut(behind), -LARGEST, LARGEST)
    if refiner is None or encoded is None:
        probability, keys = sigmoid(odds), None
    else:
        probability, keys = refiner.refine(target, now.index, roi, seen, encoded, evidence, odds), encoded.keys
    apart = None if ground is None else apart_from(ground, roi.paste(probability, now.size, 0.0))
    return Proposal(roi, seen, evidence, probability, keys, apart)


def _weak(target: Target, one: Proposal) -> bool:
    if target.doubted >= DOUBTED_FRAMES:
        return True
    return one.area < WEAK_AREA * target.usual_area or one.match < WEAK_MATCH * target.usual_match


def _found(target: Target, scene: Scene, effort: Effort) -> Proposal | None:
    now, before = scene.now, target.probability
    still = replace(scene, before=now)
    best, most = None, 0.0
    refused = [one for one in target.refused if abs(now.index - one[2]) < REFUSED_FRAMES]
    reach = None if target.reach is None else at_work_size(target.reach, now.size)
    for place in find_again(target, now, effort.grid_sides, target.refused, reach):
        one, least = None, 0.0
        if (place.likely > 0.5).any():
            target.probability = place.likely
            # The network leans on the last mask, and of a place just found there is none.
            one = _at(target, Region.of(place.likely > 0.5), still, (0, 0), effort, None)
            least = _least_likeness(target, one, is_decoy(target, place), reach)
        likeness = 0.0 if one is None else _likeness(target, one)
        if one is None or likeness <= least or not _fits(target, one):
            refused.append((*place.centre, now.index, place.mean))
        elif likeness > most:
            best, most = one, likeness
    target.probability = before
    target.refused = [] if best else refused
    return best


def _least_likeness(target: Target, one: Proposal, decoy: bool, reach: FloatMap | None) -> float:
    """Return what likeness `one` has to exceed; reach: where `target` can be, (h, w) float32 of work size."""
    ground = _like_ground(target, one)
    if decoy and ground:
        # It was there before the object was lost, and is there still as other frames show it.
        return float("inf")
    far = reach is not None and not _reachable(one, reach)
    return FAR_LIKENESS if decoy or ground or far else ACCEPT_LIKENESS


def _likeness(target: Target, one: Proposal) -> float:
    """Return how much is found of the given frames and how it stands out, 1 for as much as `target` did of late."""
    stands_out = contrast(one.evidence, one.probability > 0.5)
    usual = target.usual_match * target.usual_contrast
    return one.match * max(stands_out, 0.0) / usual if usual > 0 else 1.0


def _fits(target: Target, one: Proposal) -> bool:
    return ACCEPT_AREA[0] * target.usual_area < one.area < ACCEPT_AREA[1] * target.usual_area


def _like_ground(target: Target, one: Proposal) -> bool:
    """Return whether other frames show what `one` shows at its place, and did not where `target` was of late."""
    return one.apart is not None and one.apart < LIKE_GROUND * target.usual_apart


def _reachable(one: Proposal, reach: FloatMap) -> bool:
    """Return whether enough of `one` lies in `reach`, (h, w) float32 of work size."""
    inside = one.roi.cut(reach) > 0.5
    return float(one.probability[inside].sum()) >= REACHABLE * float(one.probability.sum())
