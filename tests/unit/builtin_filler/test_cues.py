"""What is told of the views of a hole, square by square."""

from __future__ import annotations

import numpy as np
import pytest

from videdit_plugins.builtin.filler.cues import CUES, SHARE, WEIGHT, cues_of, squares_of
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.views import View

SIZE = (10, 8)
EVERYWHERE = np.ones(SIZE, np.bool_)


def view(grey: float, distance: int = 1, followed: bool = False, beside: bool = False) -> View:
    still = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32)
    rgb = np.full((*SIZE, 3), grey, np.uint8)
    return View(1, still, rgb, EVERYWHERE, distance, np.zeros(3, np.float32), rgb, EVERYWHERE & beside, followed)


def fit_of(views: list[View], weights: list[float], errors: list[float]) -> Fit:
    planes = [
        np.broadcast_to(np.float32(values)[:, None, None], (len(views), *SIZE)).copy() for values in (errors, weights)
    ]  # type: ignore[arg-type]
    return Fit(np.stack([one.rgb for one in views]), planes[0], np.full(SIZE, 9, np.float32), planes[1])


def test_squares_are_those_that_hold_a_pixel_at_the_border_too() -> None:
    where = np.zeros(SIZE, np.bool_)
    where[3, 4] = where[9, 0] = True
    np.testing.assert_array_equal(squares_of(where), [[False, True], [False, False], [True, False]])


def test_cues_of_plain_views_are_what_is_computed_by_hand() -> None:
    views = [view(100), view(140, distance=7, followed=True, beside=True)]
    fit = fit_of(views, [0.6, 0.2], [2.0, 5.0])
    known = EVERYWHERE.copy()
    known[:4] = False
    cues = cues_of(fit, views, np.full((*SIZE, 3), 110, np.uint8), known, squares_of(EVERYWHERE))
    assert cues.shape == (6, 2, CUES)
    # The views' mean is 110, and they deviate from it by 30 in three channels.
    away = np.sqrt(3.0)
    deviation = np.sqrt(3 * (0.75 * 10**2 + 0.25 * 30**2) + 1)
    hidden, shown = cues[0], cues[4]
    np.testing.assert_allclose(
        hidden[:, :6], [[1, 1, 0, 0, np.log(2) / 4, 0.2], [1, 1, 1, 1, np.log(8) / 4, 0.5]], rtol=1e-5
    )
    np.testing.assert_allclose(hidden[:, 6], [0.2, 0.5], rtol=1e-5)
    np.testing.assert_allclose(hidden[:, 7:10], [[-1 / 3] * 3, [1] * 3], rtol=1e-4)
    np.testing.assert_allclose(hidden[:, 10], [away / 3, away], rtol=1e-4)
    np.testing.assert_allclose(hidden[:, 11], np.array([10, 30]) * away / (deviation + 3) / 2, rtol=1e-4)
    assert not hidden[:, 12:16].any()
    np.testing.assert_allclose(shown[:, 12:16], [[-1 / 3] * 3 + [0.6], [1] * 3 + [1.8]], rtol=1e-4)
    np.testing.assert_allclose(hidden[:, 16:19], 0, atol=1e-2)
    assert hidden[0, 19] == 0
    assert shown[0, 19] == 1
    np.testing.assert_allclose(hidden[:, 20], np.log(10) / 3, rtol=1e-5)
    np.testing.assert_allclose(hidden[:, 21], np.log(deviation) / 4, rtol=1e-3)
    np.testing.assert_allclose(hidden[:, [22, 23]], [[0.1, 0.75], [0.1, 0.25]], rtol=1e-5)
    # The mean of 3 x 3 squares: all are alike, but for what is compared with the frame, which half of them hide.
    np.testing.assert_allclose(hidden[:, 24:26], hidden[:, 10:12], rtol=1e-2)
    assert 0 < hidden[0, 27] < shown[0, 15]


def test_what_a_view_does_not_show_says_nothing_of_it() -> None:
    views = [view(100), view(250)]
    fit = fit_of(views, [0.5, 0.0], [1.0, 60.0])
    cues = cues_of(fit, views, views[0].rgb, EVERYWHERE, squares_of(EVERYWHERE))
    assert not cues[:, 1, : WEIGHT + 1].any()
    assert cues[:, 0, WEIGHT] == pytest.approx(1)
    assert not cues[:, 0, 7:12].any()
    assert cues[:, 0, SHARE] == pytest.approx(1)


def test_texture_that_differs_within_a_square_is_rough() -> None:
    flat, checked = view(100), view(100)
    checked.rgb[::2] = 120
    views = [flat, checked]
    cues = cues_of(fit_of(views, [1.0, 1.0], [1.0, 1.0]), views, flat.rgb, EVERYWHERE, squares_of(EVERYWHERE))
    np.testing.assert_allclose(cues[0, :, 17], [0, 1], atol=1e-2)
    np.testing.assert_allclose(cues[0, :, 16], [0.5, 0.5], atol=1e-2)
