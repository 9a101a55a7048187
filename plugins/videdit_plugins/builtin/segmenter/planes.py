"""What the network is shown: the picture, the prompts, the answer before, and each kind of evidence, one plane each."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from videdit.frames import Mask
from videdit_plugins.builtin.segmenter import evidence
from videdit_plugins.builtin.segmenter.belief import Belief
from videdit_plugins.builtin.segmenter.evidence import Picture
from videdit_plugins.builtin.segmenter.pointing import Pointing

COUNT = 20
BELIEF = 19
"""Number of the plane that holds the belief."""
ACROSS = 17
"""Number of the plane that holds the direction along x."""
_NEAR_PX, _WIDE_PX = 4.0, 25.0
_FULL_TRUST = 4.0


def planes(
    seen: Picture, pointing: Pointing, belief: Belief, previous: Mask | None, loyalty: float
) -> NDArray[np.float32]:
    """Return (COUNT, H, W) float32, values of about -1..1, at the working size.

    0-2 L, a, b; 3-6 spots around positive and negative places, narrow and wide; 7 inside of the box, 8 whether there is
    one; 9 the answer before, 10 how far it is believed; 11 what the last prompt touches; 12 colour, 13 way,
    14 likeness, 15 motion; 16 speed, 17-18 direction against the camera; 19 the belief
    """
    height, width = seen.size
    shown = np.zeros((COUNT, height, width), np.float32)
    shown[0] = (seen.lab[..., 0] - 50) / 30
    shown[1] = seen.lab[..., 1] / 20
    shown[2] = seen.lab[..., 2] / 20
    for number, (places, sigma) in enumerate(
        (places, sigma) for sigma in (_NEAR_PX, _WIDE_PX) for places in (pointing.positive, pointing.negative)
    ):
        shown[3 + number] = evidence.spots(seen.size, _few(places), sigma)
    if pointing.box is not None:
        shown[7][pointing.box.slices] = 1
        shown[8] = 1
    if previous is not None:
        shown[9] = previous
        shown[10] = loyalty / _FULL_TRUST
    shown[11] = pointing.touched
    shown[12] = belief.colour / 5
    shown[13] = belief.way / 4
    shown[14] = belief.likeness
    shown[15] = belief.motion
    shown[16] = np.tanh(seen.motion.speed / (3 * seen.motion.noise_px))
    shown[17:19] = np.moveaxis(seen.direction, 2, 0)
    shown[BELIEF] = np.clip(belief.field / 8, -1, 1)
    return shown


def _few(places: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(places) <= evidence.MOST_PLACES:
        return places
    chosen = np.linspace(0, len(places) - 1, evidence.MOST_PLACES).astype(int)
    return cast(NDArray[np.float32], places[chosen])
