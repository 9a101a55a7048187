"""An object that is followed without a break, before known ground, is not given up for what it looks like."""

from __future__ import annotations

import numpy as np

FRAMES, TURNS_AT, TURNED_AT = 40, 12, 28
RED, BLUE = (190, 60, 50), (40, 60, 200)


def test_an_object_that_takes_on_other_colours_is_not_lost(paint, make_tracker):
    clip = paint(FRAMES).ellipse(1, RED, lambda i: (30 + 3.5 * i, 60))
    other = paint(FRAMES).ellipse(1, BLUE, lambda i: (30 + 3.5 * i, 60), like=2)
    for index in range(FRAMES):
        inside = clip.masks[index][1]
        share = np.clip((index - TURNS_AT) / (TURNED_AT - TURNS_AT), 0, 1)
        clip.pixels[index][inside] = (1 - share) * clip.pixels[index][inside] + share * other.pixels[index][inside]
    tracker = make_tracker()
    tracker.start(clip.frames, 0, clip.masks[0])
    for index in range(1, FRAMES):
        mask, truth = tracker.step(index)[1].mask, clip.masks[index][1]
        assert np.count_nonzero(mask & truth) > 0.9 * np.count_nonzero(mask | truth), index
