"""The halo keeps videdit's contract and lies where it should."""

from __future__ import annotations

import numpy as np
from videdit_glow.effect import Glow
from videdit_glow.options import GlowOptions

import videdit
from videdit.testing.contract_clip import Clip
from videdit.testing.contract_effects import view_of, window_of
from videdit.testing.contracts import assert_contract


def made(**options: object) -> tuple[videdit.Window, videdit.Patch]:
    effect = Glow(GlowOptions.model_validate(options))
    window = window_of(effect, view_of(Clip()), 0)
    patch = effect.render(window)
    assert patch is not None
    return window, patch


def test_contract() -> None:
    assert_contract("effect", Glow, GlowOptions(radius_px=6))


def test_objects_themselves_do_not_change() -> None:
    window, patch = made(radius_px=8)
    assert not patch.alpha[window.mask].any()


def test_the_light_falls_off_with_the_distance() -> None:
    window, patch = made(radius_px=8, colour="#ffffff", strength=1)
    row = window.mask.any(axis=1).argmax() + window.mask.any(axis=1).sum() // 2
    right = window.mask[row].nonzero()[0].max()
    gain = patch.rgb[row, right + 1 :].astype(int) - window.rgb[row, right + 1 :]
    share = gain.sum(axis=1) / (255 - window.rgb[row, right + 1 :].astype(int)).sum(axis=1)
    assert share[0] > 0.7
    assert (np.diff(share) <= 0.01).all()
    assert share[-1] < 0.05


def test_no_light_beyond_its_reach() -> None:
    _, patch = made(radius_px=8)
    assert not patch.alpha[0, 0]
    assert patch.alpha.any()


def test_it_is_found_once_installed() -> None:
    assert "glow" in videdit.Plugins().names("effect")
