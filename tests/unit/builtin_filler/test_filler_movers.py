"""What moves by itself behind a hole."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from videdit_plugins.builtin.filler.movers import Movers, believed
from videdit_plugins.builtin.filler.scale import Scale

FILM, CART, POLE = (240, 320), slice(90, 180), slice(140, 170)
MIDDLE = 14
SIZE = (144, 192)
SCALE = Scale(SIZE, SIZE)


@pytest.fixture(scope="module")
def cart(textured):
    """A patterned cart, 130 px long, rolls past behind a pole that stands and is to go; 30 frames."""
    plate, skin = textured(*FILM), textured(90, 130, seed=5)
    truth, shown, holes = [], [], []
    for index in range(30):
        frame, left = plate.copy(), 10 + 5 * index
        frame[CART, left : left + 130] = skin
        hole = np.zeros(FILM, np.bool_)
        hole[30:220, POLE] = True
        truth.append(frame)
        shown.append(np.where(hole[..., None], np.uint8(30), frame))
        holes.append(hole)
    return SimpleNamespace(truth=truth, shown=shown, holes=holes)


def error_in_cart(clip, started) -> float:
    """Mean difference in codes to the truth, in what the pole hides of the cart."""
    filled = started(clip).fill(MIDDLE)
    whole = clip.shown[MIDDLE].copy()
    whole[filled.region.slices] = filled.rgb
    off = np.abs(whole.astype(int) - clip.truth[MIDDLE])[CART, POLE]
    return float(off.mean())


def test_a_thing_that_rolls_past_behind_the_hole_is_whole_again(cart, started, monkeypatch):
    followed = error_in_cart(cart, started)
    monkeypatch.setattr(Movers, "views", lambda *_: [])
    assert followed < 8
    assert followed < 0.5 * error_in_cart(cart, started)


@pytest.fixture
def piece(textured):
    """A piece in the middle, a third of which is hidden; and what is own, and something else."""
    shown, hole, moves = (np.zeros(SIZE, np.bool_) for _ in range(3))
    shown[40:100, 60:120] = True
    hole[30:110, 80:100] = True
    moves[36:104, 56:124] = True
    own, other = (textured(*SIZE, seed=seed).mean(axis=2, dtype=np.float32) for seed in (1, 2))
    return SimpleNamespace(shown=shown, hole=hole, moves=moves, own=own, other=other)


def test_a_piece_that_fits_what_is_seen_beside_the_hole_is_believed(piece):
    found = believed(piece.shown, piece.hole, piece.moves, piece.own, piece.own, SCALE)
    np.testing.assert_array_equal(found, piece.shown)


def test_one_that_looks_otherwise_there_is_not(piece):
    assert not believed(piece.shown, piece.hole, piece.moves, piece.own, piece.other, SCALE).any()


def test_one_that_does_not_move_here_is_not(piece):
    still = np.zeros_like(piece.moves)
    assert not believed(piece.shown, piece.hole, still, piece.own, piece.own, SCALE).any()


def test_one_that_is_hidden_all_over_is_not_and_leaves_others_as_they_are(piece):
    inside = np.zeros(SIZE, np.bool_)
    inside[115:125, 85:95] = True
    piece.hole[110:130, 80:100] = True
    found = believed(piece.shown | inside, piece.hole, piece.moves, piece.own, piece.own, SCALE)
    np.testing.assert_array_equal(found, piece.shown)
