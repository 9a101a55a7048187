"""The shot detectors on small films made of textures, with what is in them known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from videdit.frames import Frame
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.shot_detector import ShotChange, ShotDetector

Rgb: TypeAlias = NDArray[np.uint8]
SIZE = (72, 128)


def texture(seed: int, width: int = 320) -> NDArray[np.float32]:
    """Return a picture of coloured blots, (96, width, 3) float32, unlike that of any other seed."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.uniform(0, 255, (6, width // 16, 3)).astype(np.float32), (width, 96))
    fine = cv2.GaussianBlur(random.normal(0, 130, (96, width, 3)).astype(np.float32), (0, 0), 1.5)
    return np.clip(0.8 * coarse + 25 + fine, 0, 255).astype(np.float32)


def scene(seed: int, count: int, step_px: float = 0.7) -> list[Rgb]:
    """Return `count` frames that drift over one texture."""
    wide = texture(seed)
    lefts = [round(number * step_px) for number in range(count)]
    return [wide[8 : 8 + SIZE[0], left : left + SIZE[1]].astype(np.uint8) for left in lefts]


def mixed(first: Rgb, second: Rgb, share: float) -> Rgb:
    return np.rint(first * (1 - share) + second * share).astype(np.uint8)


def dimmed(pixels: list[Rgb]) -> list[Rgb]:
    return [rgb // 2 for rgb in pixels]


def plain(level: int, count: int = 1) -> list[Rgb]:
    return [np.full((*SIZE, 3), level, np.uint8)] * count


def dissolved(first: list[Rgb], second: list[Rgb], count: int) -> list[Rgb]:
    """Return both, with `count` frames in which one goes over into the other."""
    between = [mixed(first[n - count], second[n], (n + 1) / (count + 1)) for n in range(count)]
    return [*first[:-count], *between, *second[count:]]


def faded(first: list[Rgb], second: list[Rgb], count: int, hold: int, level: int) -> list[Rgb]:
    """Return both, faded over `count` frames each to and from `hold` plain ones."""
    out = [mixed(rgb, plain(level)[0], (n + 1) / (count + 1)) for n, rgb in enumerate(first[-count:])]
    back = [mixed(plain(level)[0], rgb, (n + 1) / (count + 1)) for n, rgb in enumerate(second[:count])]
    return [*first[:-count], *out, *plain(level, hold), *back, *second[count:]]


def as_film(pixels: Iterable[Rgb], times: Callable[[int], int] = lambda n: 40 * n) -> list[Frame]:
    """Return frames with times in ms; 25 a second unless told otherwise."""
    return [Frame(rgb, number, times(number), Fraction(1, 1000)) for number, rgb in enumerate(pixels)]


def watched(detector: ShotDetector, film: Iterable[Frame], rate: float = 25.0) -> list[ShotChange]:
    detector.start(rate)
    changes = [change for frame in film for change in detector.watch(frame)]
    return changes + detector.finish()


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(only=["builtin"])


@pytest.fixture(scope="module")
def auto(plugins: Plugins) -> ShotDetector:
    made: ShotDetector = plugins.create("shot_detector", "auto", None, plugins.runtime(Runtime()))
    return made


NAMES = ["adaptive", "auto", "content", "hash", "histogram", "threshold"]


def test_these_are_all_there_are(plugins: Plugins) -> None:
    assert plugins.names("shot_detector") == NAMES
    assert plugins.choose("shot_detector", Runtime())[0].name == "auto"


# -- what every detector promises ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_contract(plugins: Plugins, name: str) -> None:
    detector = plugins.create("shot_detector", name, None, plugins.runtime(Runtime()))
    film = as_film(faded(scene(1, 40) + scene(2, 40), scene(3, 60), 8, 4, 0))
    before = [frame.rgb.copy() for frame in film]
    changes = watched(detector, film)
    assert changes
    assert changes == sorted(changes)
    assert len({change.index for change in changes}) == len(changes)
    for change in changes:
        assert 0 < change.index < len(film)
        assert change.kind in ("cut", "dissolve", "fade")
        assert 0 < change.score <= 1
        assert change.frames >= 0
    # A second film, then the first again: nothing is left over from one to the next.
    assert watched(detector, as_film(scene(4, 3))) == []
    assert watched(detector, film) == changes
    assert all((frame.rgb == pixels).all() for frame, pixels in zip(film, before, strict=True))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pixels", [[], scene(1, 1), scene(1, 2), plain(0, 60), plain(255, 1)])
def test_films_of_one_shot(plugins: Plugins, name: str, pixels: list[Rgb]) -> None:
    detector = plugins.create("shot_detector", name, None, plugins.runtime(Runtime()))
    assert watched(detector, as_film(pixels)) == []


@pytest.mark.parametrize("name", ["adaptive", "auto", "content", "hash", "histogram"])
def test_a_cut_is_found_by_number_whatever_the_times_and_depth(plugins: Plugins, name: str) -> None:
    detector = plugins.create("shot_detector", name, None, plugins.runtime(Runtime()))
    pixels = [rgb.astype(np.uint16) * 257 for rgb in scene(1, 50, 0) + dimmed(scene(2, 50, 0))]
    uneven = as_film(pixels, times=lambda n: 5_000 + 20 * n + 17 * (n % 3) + (40 * (n - 30) if n > 30 else 0))
    late = [Frame(one.rgb, one.index + 700, one.pts, one.time_base) for one in uneven]
    assert [change.index for change in watched(detector, late)] == [750]


def test_threshold_finds_the_middle_of_the_black(plugins: Plugins) -> None:
    detector = plugins.create("shot_detector", "threshold", None, plugins.runtime(Runtime()))
    film = as_film(faded(scene(1, 50), scene(2, 50), 10, 6, 0), times=lambda n: 33 * n + (n * n) // 9)
    (change,) = watched(detector, film)
    assert change.kind == "fade"
    assert 49 <= change.index <= 57


@pytest.mark.parametrize("name", NAMES)
def test_no_shot_is_shorter_than_asked_for(plugins: Plugins, name: str) -> None:
    detector = plugins.create("shot_detector", name, {"min_shot_seconds": 2.0}, plugins.runtime(Runtime()))
    film = as_film([rgb for seed in range(6) for rgb in scene(seed, 20)])
    ends = [0, *(change.index for change in watched(detector, film))]
    assert all(later - sooner >= 50 for sooner, later in pairwise(ends))


# -- auto ----------------------------------------------------------------------------------------------------------


@given(first=st.integers(1, 40), second=st.integers(50, 90), at=st.integers(8, 40), step=st.floats(0, 2))
@settings(max_examples=6, deadline=None)
def test_auto_finds_cuts(auto: ShotDetector, first: int, second: int, at: int, step: float) -> None:
    (change,) = watched(auto, as_film(scene(first, at, step) + scene(second, 20, step)))
    assert (change.index, change.kind, change.frames) == (at, "cut", 0)


@pytest.mark.parametrize("count", [8, 14, 24])
def test_auto_finds_dissolves(auto: ShotDetector, count: int) -> None:
    film = as_film(dissolved(scene(1, 60), scene(2, 60), count))
    (change,) = watched(auto, film)
    assert change.kind == "dissolve"
    assert abs(change.index - (60 - count // 2)) <= 2
    assert abs(change.frames - count) <= 4


@pytest.mark.parametrize("level", [0, 255, 90])
@pytest.mark.parametrize("hold", [1, 12])
def test_auto_finds_fades_through_any_colour(auto: ShotDetector, level: int, hold: int) -> None:
    (change,) = watched(auto, as_film(faded(scene(1, 50), scene(2, 50), 10, hold, level)))
    assert change.kind == "fade"
    assert 50 <= change.index <= 50 + hold
    assert abs(change.frames - (20 + hold)) <= 3


def test_auto_gives_plain_frames_to_the_side_that_fades(auto: ShotDetector) -> None:
    first, second = scene(1, 50), scene(2, 50)
    out = [mixed(rgb, plain(0)[0], (n + 1) / 11) for n, rgb in enumerate(first[-10:])]
    (change,) = watched(auto, as_film([*first[:-10], *out, *plain(0, 6), *second]))
    assert (change.index, change.kind) == (56, "fade")
    back = [mixed(plain(0)[0], rgb, (n + 1) / 11) for n, rgb in enumerate(second[:10])]
    (change,) = watched(auto, as_film([*first, *plain(0, 6), *back, *second[10:]]))
    assert (change.index, change.kind) == (50, "fade")


def test_auto_keeps_a_short_black_with_the_shot_before(auto: ShotDetector) -> None:
    (change,) = watched(auto, as_film([*scene(1, 40), *plain(0, 10), *scene(2, 40)]))
    assert (change.index, change.kind) == (50, "cut")


def test_auto_takes_a_long_black_for_a_shot(auto: ShotDetector) -> None:
    changes = watched(auto, as_film([*scene(1, 40), *plain(0, 160), *scene(2, 40)]))
    assert [(change.index, change.kind) for change in changes] == [(40, "cut"), (200, "cut")]


def test_auto_leaves_black_at_the_ends_alone(auto: ShotDetector) -> None:
    inside = scene(1, 60)
    back = [mixed(plain(0)[0], rgb, (n + 1) / 11) for n, rgb in enumerate(inside[:10])]
    out = [mixed(rgb, plain(0)[0], (n + 1) / 11) for n, rgb in enumerate(inside[-10:])]
    assert watched(auto, as_film([*plain(0, 20), *back, *inside[10:-10], *out, *plain(0, 20)])) == []


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("white", [False, True])
def test_auto_sees_through_flashes(auto: ShotDetector, count: int, white: bool) -> None:
    pixels = scene(1, 80)
    for number in range(40, 40 + count):
        bright = pixels[number].astype(float) * 1.6 + 60
        pixels[number] = plain(255)[0] if white else np.clip(bright, 0, 255).astype(np.uint8)
    assert watched(auto, as_film(pixels)) == []


@pytest.mark.parametrize("step_px", [12, 28])
def test_auto_sees_through_fast_pans(auto: ShotDetector, step_px: int) -> None:
    wide = texture(5, 512)
    lefts = [0] * 40 + list(range(0, 384, step_px)) + [384] * 40
    pixels = [wide[8:80, left : left + 128].astype(np.uint8) for left in lefts]
    for number in range(41, len(pixels) - 40):
        pixels[number] = cv2.blur(pixels[number], (step_px // 2, 1))
    assert watched(auto, as_film(pixels)) == []


@pytest.mark.parametrize("gain", [0.4, 1.4])
@pytest.mark.parametrize("count", [1, 12])
def test_auto_sees_through_changes_of_light(auto: ShotDetector, gain: float, count: int) -> None:
    pixels = scene(1, 90)
    for number in range(40, 90):
        part = min(1.0, (number - 39) / count)
        pixels[number] = np.clip(pixels[number] * (1 + (gain - 1) * part), 0, 255).astype(np.uint8)
    assert watched(auto, as_film(pixels)) == []


def test_auto_sees_through_shakes(auto: ShotDetector) -> None:
    random, wide = np.random.default_rng(3), texture(6)
    places = [(8, 60)] * 30 + [(int(y), int(x)) for y, x in random.integers((2, 48), (15, 73), (15, 2))]
    pixels = [wide[y : y + 72, x : x + 128].astype(np.uint8) for y, x in [*places, *[(8, 60)] * 30]]
    assert watched(auto, as_film(pixels)) == []


def test_auto_finds_dissolves_at_twice_the_rate(auto: ShotDetector) -> None:
    film = as_film(dissolved(scene(1, 120, 0.4), scene(2, 120, 0.4), 28), times=lambda n: 20 * n)
    (change,) = watched(auto, film, 50.0)
    assert change.kind == "dissolve"
    assert abs(change.index - 106) <= 3


def test_auto_sees_through_a_flash_at_twice_the_rate(auto: ShotDetector) -> None:
    pixels = scene(1, 100, 0.4)
    pixels[50:56] = [scene(2, 1)[0] // 3 + 170] * 6
    assert watched(auto, as_film(pixels, times=lambda n: 20 * n), 50.0) == []


def test_auto_tells_changes_apart_in_a_row(auto: ShotDetector) -> None:
    pixels = scene(1, 40) + scene(2, 40)
    pixels = dissolved(pixels, scene(3, 60), 14)
    pixels = faded(pixels, scene(4, 50), 8, 3, 0)
    changes = watched(auto, as_film(pixels + scene(5, 30)))
    assert [change.kind for change in changes] == ["cut", "dissolve", "fade", "cut"]
    assert [change.index for change in changes][::3] == [40, 179]


def test_auto_may_be_told_to_look_for_cuts_only(plugins: Plugins) -> None:
    options = {"dissolves": False, "fades": False}
    detector = plugins.create("shot_detector", "auto", options, plugins.runtime(Runtime()))
    pixels = dissolved(scene(1, 40) + scene(2, 60), scene(3, 60), 14)
    pixels = faded(pixels, scene(4, 50), 8, 3, 0)
    assert [change.index for change in watched(detector, as_film(pixels))] == [40]


def test_auto_answers_and_forgets_within_bounds(auto: ShotDetector) -> None:
    auto.start(25.0)
    told: dict[int, int] = {}
    for number, frame in enumerate(as_film([rgb for seed in range(4) for rgb in scene(seed, 60)])):
        for change in auto.watch(frame):
            told[change.index] = number
    assert all(later - index <= 100 for index, later in told.items())
    assert list(told) == [60, 120]
    assert [change.index for change in auto.finish()] == [180]


def test_auto_says_up_to_where_nothing_is_to_come(auto: ShotDetector) -> None:
    auto.start(25.0)
    film = as_film(faded(dissolved(scene(1, 40) + scene(2, 60), scene(3, 60), 14), scene(4, 60), 8, 3, 0))
    told: list[ShotChange] = []
    for frame in film:
        settled = auto.settled()
        new = auto.watch(frame)
        assert all(change.index > settled for change in new)
        assert settled <= auto.settled() <= frame.index
        assert frame.index - auto.settled() <= 100
        told += new
    settled = auto.settled()
    assert all(change.index > settled for change in auto.finish())
    assert len(told) > 0
