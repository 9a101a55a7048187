"""One mask of two: what was tracked forward from one confirmed frame, and backward from the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask, Region
from videdit.masks import MaskEntry, PackedMask
from videdit.tracking.pieces import Piece

REACH = 0.02
"""Outlines further apart than this share of the frame's height are not averaged: the likelier one is taken."""
CERTAINTY = 4
"""Power of a score in a walk's weight. Both walks know both confirmed frames, so the surer one is mostly the better,
however near the other's frame is: one that began with a poor mask, or lost the object, must not undo the other."""
TOGETHER = 0.5
"""IoU below which two masks are not of the same thing, so that nothing lies between them."""


def blend(forward: MaskEntry, backward: MaskEntry, piece: Piece) -> MaskEntry:
    """Return the mask of a frame between two confirmed ones, made of both walks.

    Each counts by how near its confirmed frame is, and by its score to the power of CERTAINTY. Signed distances to the
    outlines are averaged, cut off at REACH: outlines that lie close together meet between, so that nothing jumps where
    one walk takes over from the other; of parts that only one walk has, the one that counts more decides. Masks that
    hardly overlap are not mixed at all.
    """
    first, last = piece.bounds
    nearness = (last - forward.index) / (last - first)
    share = share_of_forward(nearness, forward.score, backward.score)
    likelier = forward if share > 0.5 else backward
    mask = _mixed(forward.mask, backward.mask, share)
    packed = likelier.mask if mask is None else PackedMask.pack(mask)
    origin = "absent" if packed.empty else likelier.origin if likelier.origin != "absent" else "tracked"
    score = share * forward.score + (1 - share) * backward.score
    evidence = {**likelier.evidence, "forward_share": round(share, 4)}
    return MaskEntry(forward.object_id, forward.index, packed, score, origin, evidence, likelier.probability)


def share_of_forward(nearness: float, forward_score: float, backward_score: float) -> float:
    """Return how much the forward walk counts, in [0, 1].

    nearness: 1 on the confirmed frame that it began with, 0 on the next
    """
    forward = nearness * forward_score**CERTAINTY
    backward = (1 - nearness) * backward_score**CERTAINTY
    return forward / (forward + backward) if forward + backward > 0 else nearness


def _mixed(forward: PackedMask, backward: PackedMask, share: float) -> Mask | None:
    """Return the mask between two; None where there is none, so that one of them is taken as it is."""
    if forward.empty or backward.empty or forward == backward:
        return None
    size = forward.size
    reach_px = max(2.0, REACH * size[0])
    region = forward.region.union(backward.region).grown(int(reach_px) + 2, size)
    one, other = (packed.mask()[region.slices] for packed in (forward, backward))
    if np.count_nonzero(one & other) < TOGETHER * np.count_nonzero(one | other):
        return None
    mask: Mask = np.zeros(size, np.bool_)
    mask[region.slices] = share * _distance(one, reach_px) + (1 - share) * _distance(other, reach_px) > 0
    return mask if Region.of(mask).width else None


def _distance(mask: Mask, reach_px: float) -> NDArray[np.float32]:
    """Return (h, w) float32: distance to the outline in pixels, positive inside, cut off at `reach_px`."""
    inside = mask.view(np.uint8)
    signed = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
    return np.asarray(np.clip(signed, -reach_px, reach_px), np.float32)
