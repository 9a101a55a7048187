"""Who is who, the file of boxes, and the masks made of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videdit.detections.doubts import doubts_in_words, frames_in_words
from videdit.detections.people import Person, people_of
from videdit.detections.shapes import mask_of
from videdit.detections.sidecar import read_boxes, write_boxes
from videdit.detections.sightings import Sighting, Tracklet
from videdit.detections.steps import DetectionStep, FollowOptions
from videdit.errors import OptionError
from videdit.frames import Region
from videdit.masks import PackedMask
from videdit.shots import Shot

SHOTS = [Shot(0, 10, "start"), Shot(10, 30)]
FILM = {"size": (48, 64), "frames": 30}


def seen(index: int, x: float = 10, score: float = 0.9) -> Sighting:
    return Sighting(index, (x, 10.0, x + 8, 20.0), score, "detected")


def tracklet(start: int, stop: int, looks: tuple[float, ...] = (), x: float = 10) -> Tracklet:
    return Tracklet(tuple(seen(index, x) for index in range(start, stop)), (looks,) if looks else ())


def test_the_same_looks_are_one_person() -> None:
    people = people_of(
        [tracklet(0, 5, (1.0, 0.0)), tracklet(0, 5, (0.0, 1.0), 40), tracklet(10, 15, (0.0, 1.0))], looks_alike=0.5
    )
    assert [one.number for one in people] == [1, 2]
    assert [[s.index for s in one.sightings] for one in people] == [[*range(5)], [*range(5), *range(10, 15)]]


def test_two_on_one_frame_are_two_whatever_they_look_like() -> None:
    assert len(people_of([tracklet(0, 5, (1.0, 0.0)), tracklet(4, 9, (1.0, 0.0), 40)], looks_alike=0.5)) == 2


def test_without_looks_everyone_is_somebody_else() -> None:
    assert len(people_of([tracklet(0, 5), tracklet(10, 15)], looks_alike=0.5)) == 2


def test_the_same_boxes_come_back(tmp_path: Path) -> None:
    people = [Person(1, tuple(seen(index) for index in range(3))), Person(4, (seen(12, 30.0),))]
    write_boxes(tmp_path / "b.json", people, name="film.mp4", find="faces", **FILM)
    assert read_boxes(tmp_path / "b.json", SHOTS, hold=5, **FILM) == people
    rows = [line for line in (tmp_path / "b.json").read_text().splitlines() if line.startswith('    {"frame"')]
    assert len(rows) == 4


def edited(path: Path, rows: list[dict[str, object]], **film: object) -> Path:
    head = {"name": "film.mp4", "width": 64, "height": 48, "frames": 30, **film}
    path.write_text(json.dumps({"format": "videdit boxes", "version": 1, "film": head, "boxes": rows}))
    return path


def test_missing_boxes_are_filled_in_but_not_across_a_cut_nor_where_it_is_absent(tmp_path: Path) -> None:
    box = [10, 10, 20, 20]
    rows: list[dict[str, object]] = [
        {"frame": 0, "id": 1, "box": box},
        {"frame": 4, "id": 1, "box": [18, 10, 28, 20]},
        {"frame": 8, "id": 1, "box": box},
        {"frame": 12, "id": 1, "box": box},
        {"frame": 14, "id": 1, "box": None},
        {"frame": 16, "id": 1, "box": box},
        {"frame": 29, "id": 1, "box": box},
    ]
    (one,) = read_boxes(edited(tmp_path / "b.json", rows), SHOTS, hold=6, **FILM)
    assert [s.index for s in one.sightings] == [*range(9), 12, 16, 29]
    assert one.sightings[2].box == (14, 10, 24, 20)
    assert [s.source for s in one.sightings[:3]] == ["manual", "filled", "filled"]


@pytest.mark.parametrize(
    ("rows", "film", "said"),
    [
        ([{"frame": 0, "id": 1, "box": [5, 5, 4, 9]}], {}, "empty"),
        ([{"frame": 0, "id": 1, "box": [1, 1, 4, 9]}] * 2, {}, "two boxes"),
        ([{"frame": 0, "id": 0, "box": [1, 1, 4, 9]}], {}, "boxes.0.id"),
        ([{"frame": 30, "id": 1, "box": [1, 1, 4, 9]}], {}, "30 frames"),
        ([], {"width": 32}, "32x48"),
        ([{"frame": 0, "id": 1, "box": [1, 1, 4, 9], "colour": "red"}], {}, "colour"),
    ],
)
def test_wrong_files_say_what_is_wrong(
    rows: list[dict[str, object]], film: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=said):
        read_boxes(edited(tmp_path / "b.json", rows, **film), SHOTS, hold=5, **FILM)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
@given(st.floats(-20, 60), st.floats(-20, 40), st.floats(0.5, 40), st.floats(0.5, 40), st.floats(1, 2))
def test_an_ellipse_lies_in_its_box_and_is_packed_as_the_whole_would_be(
    x0: float, y0: float, width: float, height: float, size: float
) -> None:
    options = FollowOptions.model_validate({"size": size})
    packed = mask_of((x0, y0, x0 + width, y0 + height), (48, 64), options)
    mask = packed.mask()
    assert packed == PackedMask.pack(mask)
    region = Region.of(mask)
    if not region.empty:
        assert region.x0 >= x0 + width / 2 - size * width / 2 - 1
        assert region.y1 <= y0 + height / 2 + size * height / 2 + 1


def test_shapes_have_the_area_they_should() -> None:
    box = (100.0, 100.0, 200.0, 160.0)
    areas = {
        shape: mask_of(box, (400, 400), FollowOptions.model_validate({"size": 1.5, "shape": shape})).area_px
        for shape in ("ellipse", "box")
    }
    assert areas["box"] == 150 * 90
    assert areas["ellipse"] == pytest.approx(np.pi / 4 * 150 * 90, rel=0.01)


def test_names_and_numbers() -> None:
    faces, plates = DetectionStep(), DetectionStep("number plates")
    assert faces.name(3) == "face 3"
    assert plates.stem == "number plates"
    assert [faces.number(name) for name in ("face 3", "face x", "dog 3", "face")] == [3, None, None, None]
    some = DetectionStep(only=(1, 3), without=(3,))
    assert [some.wants(number) for number in (1, 2, 3)] == [True, False, False]
    with pytest.raises(OptionError, match="every"):
        DetectionStep(follow={"every": 0}).following()


def test_doubts_in_words() -> None:
    assert frames_in_words([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
    doubtful = [(2, Sighting(index, (0, 0, 1, 1), 0.3, "filled", "lost")) for index in (4, 5, 6)]
    (line,) = doubts_in_words(DetectionStep(), doubtful)
    assert "face 2, frames 4-6: lost from sight" in line
