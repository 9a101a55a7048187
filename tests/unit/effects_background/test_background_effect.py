"""The background effect: the inside stays, the edge is soft and its own colour, the rest is what was asked for."""

from __future__ import annotations

import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

from videdit.effect import Patch, ShotView, Window
from videdit.errors import CannotOpen
from videdit.frames import Alpha, ArrayFrames, Mask, Region, Rgb
from videdit.media.from_arrays import write_film
from videdit.ops import composite, grow
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.testing.shapes import disc
from videdit_plugins.background.effect import Background
from videdit_plugins.background.fitting import fitted
from videdit_plugins.background.matting import cut_out, trimap_of
from videdit_plugins.background.options import BackgroundOptions


def make(runtime: Runtime | None = None, **options: Any) -> Background:
    return Background(BackgroundOptions(**options), runtime)


def window(rgb: Rgb, mask: Mask, seconds: Fraction = Fraction(0)) -> Window:
    size = (rgb.shape[0], rgb.shape[1])
    cut = rgb.copy()
    cut.flags.writeable = False
    frames = ArrayFrames([rgb])
    view = ShotView(frames.shot, size, frames, {0: mask}, 25.0)
    return Window(0, seconds, Region.whole(size), cut, mask, 1 - mask.astype(np.float32), view, {1: mask})


def applied(effect: Background, rgb: Rgb, mask: Mask, seconds: Fraction = Fraction(0)) -> tuple[Rgb, Patch]:
    patch = effect.render(window(rgb, mask, seconds))
    assert patch.alpha is not None
    return composite(rgb, patch.rgb, patch.alpha), patch


def texture(seed: int, size: tuple[int, int], sigma: float, mean: tuple[int, int, int]) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((*size, 3)), (sigma, sigma, 0))
    return np.clip(np.array(mean) + 25 * noise / noise.std(), 0, 255).astype(np.float32)


def hairy(size: tuple[int, int]) -> Alpha:
    """A ball with fur, drawn at four times the size."""
    random = np.random.default_rng(0)
    height, width = size
    big = np.zeros((height * 4, width * 4), np.float32)
    centre, radius = np.array([width * 2, height * 2]), height * 1.1
    cv2.circle(big, centre.tolist(), int(radius), 1.0, -1)
    for angle in random.uniform(0, 2 * np.pi, 300):
        way = np.array([np.cos(angle), np.sin(angle)])
        tip = centre + (radius + random.uniform(4, 32)) * (way + random.normal(0, 0.06, 2))
        start = centre + (radius - 8) * way
        cv2.line(big, start.astype(int).tolist(), tip.astype(int).tolist(), 1.0, 2, cv2.LINE_AA)
    return np.clip(cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA), 0, 1)


SIZE = (160, 200)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_matte_is_nearer_the_truth_than_a_hard_mask(seed: int) -> None:
    truth = hairy(SIZE)
    mask = gaussian_filter(truth, 2) > 0.5
    front = texture(seed, SIZE, 3, (190, 120, 60))
    back = texture(seed + 10, SIZE, 8, (50, 110, 140))
    shown = truth[..., None]
    film = np.rint(front * shown + back * (1 - shown)).astype(np.uint8)
    wanted = front * shown + np.array([0, 255, 0]) * (1 - shown)
    edge = (truth > 0) & (truth < 1)

    def error(kind: str) -> float:
        result, _ = applied(make(behind="#00ff00", edge=kind, band="4"), film, mask)
        return float(np.sqrt(((result - wanted)[edge] ** 2).mean()))

    hard, soft = error("hard"), error("matte")
    print(f"composite RMSE in the soft edge: hard mask {hard:.1f}, matte {soft:.1f}")
    assert soft < 0.5 * hard


@settings(deadline=None, max_examples=25)
@given(
    kind=st.sampled_from(["hard", "feather", "matte"]), behind=st.sampled_from(["#102030", "blur:3", "transparent"]),
    dtype=st.sampled_from([np.uint8, np.uint16]), height=st.integers(1, 48), width=st.integers(1, 48),
    shape=st.sampled_from(["empty", "full", "pixel", "corner", "specks", "disc"]), seed=st.integers(0, 9),
)  # fmt: skip
def test_any_mask_on_any_frame(
    kind: str, behind: str, dtype: Any, height: int, width: int, shape: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    rgb = random.integers(0, int(np.iinfo(dtype).max) + 1, (height, width, 3)).astype(dtype)
    mask = np.zeros((height, width), np.bool_)
    if shape == "full":
        mask[:] = True
    elif shape == "pixel":
        mask[height // 2, width // 2] = True
    elif shape == "corner":
        mask[: height // 2 + 1, : width // 2 + 1] = True
    elif shape == "specks":
        mask = random.random((height, width)) < 0.2
    elif shape == "disc":
        mask = disc((height, width), (width / 2, height / 2), 15)
    effect = make(behind=behind, edge=kind, band="3")
    result, patch = applied(effect, rgb, mask)
    assert patch.rgb.shape == rgb.shape
    assert patch.rgb.dtype == dtype
    assert patch.alpha is not None
    sure = grow(mask, -5)
    assert (patch.alpha[sure] == 0).all()
    assert np.array_equal(result[sure], rgb[sure])
    assert (patch.alpha[~grow(mask, 6)] == 1).all()
    assert (patch.matte is not None) == effect.transparent == (behind == "transparent")
    again = make(behind=behind, edge=kind, band="3").render(window(rgb, mask))
    assert np.array_equal(again.rgb, patch.rgb)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_colour_fills_what_is_not_the_object(dtype: Any) -> None:
    scale = np.iinfo(dtype).max // 255
    rgb = np.full((60, 80, 3), 100 * scale, dtype)
    mask = disc((60, 80), (40, 30), 15)
    result, _ = applied(make(behind="#00b1FF", edge="hard"), rgb, mask)
    assert (result[~mask] == np.array([0, 177, 255]) * scale).all()
    assert np.array_equal(result[mask], rgb[mask])


def test_transparent_keeps_the_objects_colours_and_drops_the_rest() -> None:
    mask = disc(SIZE, (100, 80), 50)
    front, back = texture(0, SIZE, 4, (200, 60, 60)), texture(1, SIZE, 4, (40, 60, 200))
    soft = gaussian_filter(mask.astype(np.float32), 2)[..., None]
    rgb = np.rint(front * soft + back * (1 - soft)).astype(np.uint8)
    effect = make(behind="transparent", band="8")
    result, patch = applied(effect, rgb, mask)
    assert effect.transparent
    assert patch.matte is not None
    assert np.abs(patch.matte - soft[..., 0]).mean() < 0.02
    assert (result[patch.matte == 0] == 0).all()
    rim = (patch.matte > 0.3) & (patch.matte < 0.9)
    # The rim was a mixture of red and blue; by itself it is red.
    assert rgb[rim][:, 2].mean() > 100
    assert result[rim][:, 2].mean() < 85


def test_the_blurred_film_holds_nothing_of_the_object() -> None:
    mask = disc(SIZE, (100, 80), 40)
    rgb = np.full((*SIZE, 3), 60, np.uint8)
    rgb[mask] = (255, 0, 0)
    result, _ = applied(make(behind="blur:10", edge="hard", band="2"), rgb, mask)
    assert (result[~mask] == 60).all()


def test_thin_limbs_keep_a_certain_core() -> None:
    mask = np.zeros((80, 80), np.bool_)
    mask[10:40, 10:70] = True
    mask[40:75, 30:36] = True
    trimap = trimap_of(mask, 8)
    assert trimap.inside[45:70, 32:34].any(axis=1).all()
    assert not (trimap.inside & ~mask).any()
    assert not (trimap.outside & mask).any()
    assert not (trimap.inside & trimap.outside).any()


def test_objects_are_solved_apart_and_a_smaller_scale_stays_close() -> None:
    truth = hairy(SIZE)
    film = np.rint(texture(1, SIZE, 3, (190, 120, 60)) * truth[..., None] + 40 * (1 - truth[..., None])).astype(
        np.uint8
    )
    mask = gaussian_filter(truth, 2) > 0.5
    one = cut_out(film, mask, 4, 10**6)
    small = cut_out(film, mask, 4, 1500)
    assert np.abs(one.opacity - small.opacity).mean() < 0.02
    assert np.array_equal(one.opacity == 1, one.opacity >= 1)
    twice = cut_out(np.hstack([film, film]), np.hstack([mask, mask]), 4, 10**6)
    np.testing.assert_allclose(twice.opacity[:, : SIZE[1]], one.opacity, atol=2e-3)


def test_an_edge_that_cannot_be_solved_is_faded_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("Conjugate gradient descent did not converge")

    monkeypatch.setattr(importlib.import_module("pymatting.solver.cg"), "cg", fails)
    effect = make()
    mask = disc((60, 80), (40, 30), 15)
    effect.render(window(np.full((60, 80, 3), 100, np.uint8), mask))
    assert list(effect.report().values()) == [[0]]
    assert effect.report() == {}


@pytest.mark.parametrize(("fit", "corner", "white"), [("cover", 10, 48), ("contain", 0, 12), ("stretch", 10, 12)])
def test_pictures_of_another_shape(fit: Any, corner: int, white: int) -> None:
    wide = np.full((20, 80, 3), 10, np.uint8)
    wide[:, 32:48] = 200
    result = fitted(wide, (60, 60), fit)
    assert result.shape == (60, 60, 3)
    assert result[0, 0, 0] == corner
    assert (result[30, :, 0] > 100).sum() == white
    assert np.array_equal(fitted(wide, (20, 80), fit), wide)


def test_an_image_lies_behind(tmp_path: Path) -> None:
    path = tmp_path / "sea.png"
    picture = np.zeros((60, 80, 3), np.uint16)
    picture[..., 0] = 65535  # blue, in OpenCV's order
    cv2.imwrite(str(path), picture)
    mask = disc((60, 80), (40, 30), 15)
    for dtype in (np.uint8, np.uint16):
        result, _ = applied(make(behind=f"image:{path}", edge="hard"), np.zeros((60, 80, 3), dtype), mask)
        assert (result[~mask] == (0, 0, np.iinfo(dtype).max)).all()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten frames at 10 frames a second; frame n has brightness 20 + 20 n."""
    path = tmp_path / "behind.mp4"
    frames = [np.full((48, 64, 3), 20 + 20 * number, np.uint8) for number in range(10)]
    write_film(path, frames, frames_per_second=10, sound=np.zeros((48000, 2), np.float32), samples_per_second=48000)
    return path


@pytest.mark.parametrize(
    ("options", "seconds", "shown"),
    [
        ({}, Fraction(0), 0),
        ({}, Fraction(3, 25), 1),
        ({}, Fraction(299, 1000), 3),  # 0.3, in a container that rounds to milliseconds and lost one
        ({}, Fraction(12, 10), 2),
        ({"loop": False}, Fraction(12, 10), 9),
        ({"offset_seconds": 0.5}, Fraction(2, 10), 7),
        ({"offset_seconds": 0.5}, Fraction(7, 10), 2),
    ],
)
def test_a_film_runs_at_its_own_rate(film: Path, options: dict[str, Any], seconds: Fraction, shown: int) -> None:
    mask = disc((60, 80), (40, 30), 15)
    effect = make(behind=f"video:{film}", edge="hard", **options)
    for dtype in (np.uint8, np.uint16):
        result, _ = applied(effect, np.zeros((60, 80, 3), dtype), mask, seconds)
        brightness = result[~mask].mean() / (np.iinfo(dtype).max // 255)
        assert brightness == pytest.approx(20 + 20 * shown, abs=3)
        effect.finish()


def test_files_that_are_not_there_or_no_pictures(tmp_path: Path) -> None:
    for kind in ("image", "video"):
        with pytest.raises(CannotOpen, match="not there"):
            make(behind=f"{kind}:{tmp_path / 'none.png'}")
    text = tmp_path / "text.png"
    text.write_text("no picture")
    with pytest.raises(CannotOpen, match="no picture"):
        make(behind=f"image:{text}")


def test_what_to_show_is_checked_and_files_may_say_with() -> None:
    assert BackgroundOptions.model_validate({"with": "#ffffff"}).behind == "#ffffff"
    assert BackgroundOptions(behind="blur:25").behind == "blur:25"
    for wrong in ("green", "#fff", "image:", "blur:", "blur:-3", "sky:blue"):
        with pytest.raises(ValidationError):
            BackgroundOptions(behind=wrong)


def test_it_is_registered_and_says_what_takes_long() -> None:
    notes: list[str] = []
    effect = Plugins().create("effect", "background", {"with": "transparent"}, Runtime(note=notes.append))
    assert isinstance(effect, Background)
    assert (effect.where, effect.transparent) == ("outside", True)
    for _ in range(2):
        effect.start(window(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.bool_)).shot)
    assert len(notes) == 1
