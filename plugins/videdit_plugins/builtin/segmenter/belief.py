"""All the evidence of one frame and one set of prompts, weighed into one number a pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from videdit.frames import Mask
from videdit_plugins.builtin.segmenter import evidence
from videdit_plugins.builtin.segmenter.evidence import Field, Picture
from videdit_plugins.builtin.segmenter.pointing import Pointing

Cut = Callable[[Field], Mask]
"""Turns beliefs into the best mask; pixels that were pointed at are already settled."""

CERTAIN = 500.0
"""Belief of a pixel that was pointed at: no cut's links outweigh it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of evidence counts, in units of belief (log-odds, roughly).

    Tuned by hand on ten sequences.

    ground_in_box:  less, for the networks learned without it, and the rules for a box add it to their word once more
    previous:       belief in the own answer before, at the first correction; `previous_step` more at each further one
    trusted:        belief in a mask from elsewhere
    previous_reach: way from the last click over which that belief returns, in pixels of flat ground
    learned:        belief in the network's word about clicks, in units of its log-odds
    """

    colour: float = 0.35
    colour_in_box: float = 0.6
    way: float = 1.2
    likeness: float = 0.8
    motion: float = 1.5
    ground: float = 1.6
    ground_in_box: float = 1.0
    clicked_colour: float = 3.0
    clicked_sigma_px: float = 4.0
    negative_colour: float = 20.0
    previous: float = 1.5
    previous_step: float = 0.5
    trusted: float = 4.0
    previous_reach: float = 30.0
    learned: float = 1.5


@dataclass(frozen=True, slots=True)
class Belief:
    """What one look at the evidence says.

    field:    (H, W) float32, above 0 where the object is more likely than not; +-CERTAIN where it was said
    colour:   (H, W) float32 in -5..5, the parts of it, unweighed
    way:      (H, W) float32 in -4..4
    likeness: (H, W) float32 in -1..1
    motion:   (H, W) float32 in -1..1
    ground:   (H, W) float32 in -3..2
    guess:    (H, W) bool, the mask whose colours and motion it was built on
    box:      (H, W) bool, inside of the box, or None
    """

    field: Field
    colour: Field
    way: Field
    likeness: Field
    motion: Field
    ground: Field
    guess: Mask
    box: Mask | None


def believe(
    seen: Picture, pointing: Pointing, previous: Mask | None, loyalty: float, cut: Cut, weights: Weights
) -> Belief:
    """Weigh the evidence.

    previous: (H, W) bool, the answer that the last prompt corrects; None at first
    loyalty:  belief in `previous` far from the last prompt
    cut:      used once, when there is no `previous`, for a first guess, whose colours the belief is then built on
    """
    box = inside_box(seen, pointing)
    clicked = bool(pointing.inside.any())
    colours = weights.colour if clicked else weights.colour_in_box
    grounds = weights.ground if clicked or previous is not None else weights.ground_in_box
    way = _way(seen, pointing, box)
    likeness = evidence.likeness(seen, pointing.positive, pointing.negative)
    rest = weights.way * way + weights.likeness * likeness
    if previous is None:
        first_colour, first_motion = _first_look(seen, pointing, box, weights)
        guess = cut(settled(colours * first_colour + rest + weights.motion * first_motion, pointing, box))
    else:
        guess = previous
    inside = guess.astype(np.float32)
    likely_in = inside + weights.clicked_colour * evidence.spots(seen.size, pointing.positive, weights.clicked_sigma_px)
    likely_out = 1 - inside
    if pointing.box is None:
        likely_out += weights.clicked_colour * evidence.spots(seen.size, pointing.negative, weights.clicked_sigma_px)
    motion = _motion(seen, pointing, guess)
    ground = seen.ground.evidence(guess)
    colour = evidence.colour_evidence(seen, likely_in, likely_out)
    field = colours * colour + rest + weights.motion * motion + grounds * ground
    if previous is not None:
        field = field + _loyalty(seen, pointing, previous, loyalty, weights.previous_reach)
    return Belief(settled(field, pointing, box), colour, way, likeness, motion, ground, guess, box)


def settled(field: Field, pointing: Pointing, box: Mask | None) -> Field:
    """Return `field` with what is certain written in: nothing outside the box, and what was pointed at."""
    field = field.astype(np.float32)
    if box is not None:
        field[~box] = -CERTAIN
    field[pointing.inside] = CERTAIN
    field[pointing.outside] = -CERTAIN
    return field


def inside_box(seen: Picture, pointing: Pointing) -> Mask | None:
    if pointing.box is None:
        return None
    box = np.zeros(seen.size, bool)
    box[pointing.box.slices] = True
    return box


def _way(seen: Picture, pointing: Pointing, box: Mask | None) -> Field:
    """Weigh ways over the picture, from what was pointed at and from what surely lies outside."""
    outer = pointing.outside.copy()
    if box is not None:
        outer |= ~box
    if box is None or box.all():
        for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            outer[edge] = True
    away = evidence.way(seen, outer & ~pointing.inside)
    if pointing.inside.any():
        return evidence.way_evidence(away, evidence.way(seen, pointing.inside))
    if box is not None:
        return evidence.box_way_evidence(away, box)
    return np.zeros(seen.size, np.float32)


def _first_look(seen: Picture, pointing: Pointing, box: Mask | None, weights: Weights) -> tuple[Field, Field]:
    """Return the evidence of colour and motion while there is no guess of the mask."""
    if pointing.inside.any():
        inside = pointing.inside.astype(np.float32)
    else:
        inside = np.zeros(seen.size, np.float32) if box is None else box.astype(np.float32)
    outside = (1 - inside) if box is None else (~box).astype(np.float32)
    outside += weights.negative_colour * pointing.outside
    return evidence.colour_evidence(seen, inside, outside), _motion(seen, pointing, box)


def _motion(seen: Picture, pointing: Pointing, guess: Mask | None) -> Field:
    if len(pointing.positive):
        moving = evidence.motion_at(seen, pointing.positive)
    else:
        moving = evidence.motion_of(seen, guess if guess is not None else np.zeros(seen.size, bool))
    return evidence.motion_evidence(seen, moving, evidence.motion_at(seen, pointing.negative))


def _loyalty(seen: Picture, pointing: Pointing, previous: Mask, strength: float, reach: float) -> Field:
    """Hold on to the previous answer, the more the farther the way from the new click.

    A person corrects one mistake at a time: what lies across an edge from the click was found good enough.
    """
    signed = np.where(previous, np.float32(strength), np.float32(-strength))
    if not pointing.touched.any():
        return cast(Field, signed)
    return cast(Field, signed * (1 - np.exp(-evidence.way(seen, pointing.touched) / reach)))
