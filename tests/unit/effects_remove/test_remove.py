"""The remove effect: what it asks of the filler, what it hands to the pipeline, what it reports."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from videdit import MADE_UP, ArrayFrames, Filled, Filler, Plugins, Region, Runtime, ShotView, Window
from videdit.errors import OptionError
from videdit_plugins.remove.effect import Remove
from videdit_plugins.remove.options import RemoveOptions

SIZE = (12, 16)
HOLE = Region(4, 3, 9, 8)


class Red(Filler):
    """Fills with red; the left column is made up, and one row below the hole is changed as a shadow would be."""

    def start(self, frames: Any, holes: Any) -> None:
        self.holes = holes

    def fill(self, index: int) -> Filled | None:
        if not self.holes[index].any():
            return None
        box = Region.of(self.holes[index])
        region = Region(box.x0, box.y0, box.x1, box.y1 + 1)
        rgb = np.zeros((region.height, region.width, 3), np.uint8)
        rgb[...] = 255, 0, 0
        origin = np.full((region.height, region.width), index + 1, np.int32)
        origin[:, 0] = MADE_UP
        return Filled(region, rgb, origin)


def runtime(asked: list[Any]) -> Runtime:
    def make(role: str, name: str, options: Any) -> Filler:
        asked.append((role, name, dict(options)))
        return Red()

    return Runtime(make=make)


def window(effect: Remove, index: int = 0, empty: bool = False) -> Window:
    mask = np.zeros(SIZE, np.bool_)
    mask[HOLE.slices] = not empty
    frames = ArrayFrames([np.full((*SIZE, 3), 50, np.uint8)] * 3)
    view = ShotView(frames.shot, SIZE, frames, [mask] * 3, 25.0)
    effect.start(view)
    region = HOLE.grown(effect.margin_px, SIZE)
    cut = region.slices
    return Window(index, Fraction(0), region, frames[index].rgb[cut], mask[cut], mask[cut].astype(np.float32), view)


def test_asks_for_the_filler_by_name_with_its_options() -> None:
    asked: list[Any] = []
    plain = {"shadows": False, "remnants": False}
    effect = Remove(RemoveOptions(filler="red", **plain, filler_options={"reach_frames": 5}), runtime(asked))
    window(effect)
    assert asked == [("filler", "red", {"reach_frames": 5, **plain})]


def test_fillers_that_know_nothing_of_shadows_and_remnants_are_not_asked_about_them() -> None:
    asked: list[Any] = []
    window(Remove(RemoveOptions(filler="red"), runtime(asked)))
    assert asked == [("filler", "red", {})]


def test_the_filler_is_told_of_other_objects_and_gets_no_hole_over_them() -> None:
    effect, frames = Remove(RemoveOptions(filler="red", check=False), runtime([])), [np.zeros((*SIZE, 3), np.uint8)]
    mask, labels = np.zeros(SIZE, np.bool_), np.zeros(SIZE, np.int32)
    mask[HOLE.slices] = True
    labels[:, 6:] = 4
    effect.start(ShotView(ArrayFrames(frames).shot, SIZE, ArrayFrames(frames), [mask], 25.0, [labels]))
    holes: Any = effect._filler.holes  # type: ignore[union-attr]
    assert np.array_equal(holes[0], mask & (labels == 0))
    assert np.array_equal(holes.others(0), labels)


def test_a_filler_is_made_once_for_many_shots_and_again_after_the_end() -> None:
    asked: list[Any] = []
    effect = Remove(RemoveOptions(), runtime(asked))
    window(effect)
    window(effect)
    assert len(asked) == 1
    effect.finish()
    window(effect)
    assert len(asked) == 2


def test_shows_what_was_filled() -> None:
    effect = Remove(RemoveOptions(shadows=False, remnants=False), runtime([]))
    patch = effect.render(window(effect))
    assert patch is not None
    assert (patch.rgb == (255, 0, 0)).all()
    assert patch.alpha is not None
    assert (patch.alpha == 1).all()


@pytest.mark.parametrize("more", ["shadows", "remnants"])
def test_with_more_than_the_mask_the_window_reaches_beyond_it(more: str) -> None:
    options = {"shadows": False, "remnants": False, more: True}
    effect = Remove(RemoveOptions.model_validate(options), runtime([]))
    patch = effect.render(window(effect))
    assert patch is not None
    assert patch.alpha is not None
    assert patch.rgb.shape[:2] == SIZE
    assert patch.alpha[HOLE.y1, HOLE.x0 : HOLE.x1].all()
    assert np.count_nonzero(patch.alpha) == HOLE.width * (HOLE.height + 1)
    assert (patch.rgb[patch.alpha == 0] == 50).all()


def test_a_frame_without_the_object_is_left_alone() -> None:
    effect = Remove(RemoveOptions(), runtime([]))
    assert effect.render(window(effect, empty=True)) is None


def test_reports_where_the_pixels_came_from_and_starts_over() -> None:
    effect = Remove(RemoveOptions(check=False), runtime([]))
    effect.render(window(effect))
    made_up, area = HOLE.height + 1, HOLE.width * (HOLE.height + 1)
    expected = {"pixels_from_other_frames": area - made_up, "pixels_made_up": made_up}
    assert effect.report() == {**expected, "shots": {"0-2": expected}, "doubtful_frames": []}
    assert effect.report()["pixels_made_up"] == 0


def test_a_mostly_made_up_frame_is_doubtful() -> None:
    class Invented(Red):
        def fill(self, index: int) -> Filled | None:
            filled = super().fill(index)
            assert filled is not None
            filled.origin[:] = MADE_UP
            return filled

    effect = Remove(RemoveOptions(), Runtime(make=lambda role, name, options: Invented()))
    effect.render(window(effect, index=2))
    assert effect.report()["doubtful_frames"] == [2]


def test_a_frame_on_which_a_shadow_is_left_is_doubtful() -> None:
    class Telling(Red):
        def report(self) -> dict[str, Any]:
            return {"frames_with_shadow_left": 1}

    effect = Remove(RemoveOptions(check=False), Runtime(make=lambda role, name, options: Telling()))
    effect.render(window(effect, index=1))
    told = effect.report()
    assert told["frames_with_shadow_left"] == 1
    assert told["doubtful_frames"] == [1]


def test_tells_what_the_check_found_and_what_the_filler_says() -> None:
    class Telling(Red):
        def report(self) -> dict[str, Any]:
            return {"pixels_by_network": 7}

    effect = Remove(RemoveOptions(filler="red", shadows=False), Runtime(make=lambda role, name, options: Telling()))
    effect.render(window(effect))
    told = effect.report()
    assert told["pixels_by_network"] == 7
    assert told["shots"]["0-2"]["pixels_by_network"] == 7
    # Red against grey 50 is far off, and the figure says so.
    assert told["shots"]["0-2"]["check"] == "6.2 dB"
    assert "filler" not in told["shots"]["0-2"]


def test_with_auto_the_better_filler_of_a_shot_is_taken_and_named() -> None:
    class Network(Red):
        def report(self) -> dict[str, Any]:
            return {"pixels_by_network": 7}

    class Grey(Red):
        def fill(self, index: int) -> Filled | None:
            filled = super().fill(index)
            if filled is not None:
                filled.rgb[:] = 50
            return filled

    made = {"auto": Network(), "builtin": Grey()}
    effect = Remove(RemoveOptions(shadows=False), Runtime(make=lambda role, name, options: made[name]))
    patch = effect.render(window(effect))
    assert patch is not None
    assert (patch.rgb == 50).all()
    assert effect.report()["shots"]["0-2"] == {
        "pixels_from_other_frames": 24,
        "pixels_made_up": 6,
        "check": "60.0 dB (auto: 6.2 dB)",
        "filler": "builtin",
    }


def test_is_offered_as_a_plug_in_and_refuses_unknown_options() -> None:
    plugins = Plugins()
    effect = plugins.create("effect", "remove", {"filler": "builtin"}, plugins.runtime())
    assert isinstance(effect, Remove)
    with pytest.raises(OptionError, match="colour"):
        plugins.create("effect", "remove", {"colour": "red"}, plugins.runtime())
