"""Write the example into a folder: films, masks, boxes, and the commands to try."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videdit.errors import OptionError
from videdit.example.ball import BALL, SHADOW, BallFilm, Drawn, ball_at, bounce_times, camera_at, object_box
from videdit.example.ball import FRAMES_PER_SECOND as BALL_RATE
from videdit.example.face import FRAMES_PER_SECOND as FACE_RATE
from videdit.example.face import FaceFilm
from videdit.example.garden import SUN
from videdit.example.sound import SAMPLES_PER_SECOND, add_bounces, make_tune
from videdit.masks import davis_palette
from videdit.masks.pngs import file_name, write_png
from videdit.media.from_arrays import write_film
from videdit.progress import Progress, Report, silent


@dataclass(frozen=True, slots=True)
class ExamplePaths:
    """What was written.

    ball:       a beach ball bounces through a garden; 640x360, 25 frames a second, stereo sound
    ball_clean: the same film had there been no ball
    ball_masks: folder of one palette PNG for each frame: 1 is the ball, 2 its shadow
    face:       a moving camera over a portrait
    face_boxes: JSON; for each frame left, top, right, bottom of the face in pixels
    pipeline:   TOML for `videdit run`: points at the ball and its shadow, and at the ball again when it has turned;
                removes them
    """

    ball: Path
    ball_clean: Path
    ball_masks: Path
    face: Path
    face_boxes: Path
    pipeline: Path

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: the paths, where to point on the first frame, and the commands to try."""
        paths = {name: str(path) for name, path in asdict(self).items()}
        points = {name: list(object_point(object_id)) for name, object_id in _OBJECTS.items()}
        boxes = {name: list(around(object_id)) for name, object_id in _OBJECTS.items()}
        return {**paths, "points": points, "boxes": boxes, "commands": self.commands()}

    def commands(self) -> list[str]:
        """Return what to try: remove the ball and its shadow, the same from a file, hide the face."""
        boxes = " ".join(f"--box {name}={_comma(around(object_id))}@0" for name, object_id in _OBJECTS.items())
        face = FaceFilm().box(0)
        box = _comma(round(value) for value in (face.x0, face.y0, face.x1, face.y1))
        ball, removed = shlex.quote(str(self.ball)), shlex.quote(str(self.ball.with_name("ball_removed.mp4")))
        portrait, blurred = shlex.quote(str(self.face)), shlex.quote(str(self.face.with_name("face_blurred.mp4")))
        return [
            f"videdit remove {ball} {boxes} -o {removed}",
            f"videdit run {shlex.quote(str(self.pipeline))}",
            f"videdit blur {portrait} --box {box}@0 -o {blurred}",
        ]

    def lines(self) -> list[str]:
        """Return lines of text that tell what was written and what to try."""
        rows = [f"{path}  {_MEANINGS[name]}" for name, path in asdict(self).items()]
        return [*rows, "", "Try:", *(f"  {command}" for command in self.commands())]


_LOOSE_PX = 3
_OBJECTS = {"ball": BALL, "shadow": SHADOW}
# By then the ball has turned colours into view that the first frame did not show.
_CORRECTED = {"ball": (65, 95)}
_MEANINGS = {
    "ball": "a beach ball bounces through a garden",
    "ball_clean": "the same without the ball: what a perfect removal gives",
    "ball_masks": "its masks: 1 the ball, 2 its shadow",
    "face": "a moving camera over a portrait",
    "face_boxes": "where the face is, frame by frame",
    "pipeline": "the ball's removal as a file",
}


def make_example(
    folder: str | Path,
    report: Report = silent,
    *,
    ball: BallFilm | None = None,
    face: FaceFilm | None = None,
) -> ExamplePaths:
    """Write the example films into `folder`, which is made if need be, and return what was written.

    Files of these names that are there already are replaced. The frames before encoding are the same bytes every time.
    ball, face: the films to write; shorter ones make a quick example

    Raises OptionError if `folder` is a file, CannotEncode if a film cannot be written.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise OptionError("the example needs a folder, and this is a file", where=str(place))
    paths = ExamplePaths(
        place / "ball.mp4",
        place / "ball_clean.mp4",
        place / "ball_masks",
        place / "face.mp4",
        place / "face_boxes.json",
        place / "example.toml",
    )
    paths.ball_masks.mkdir(parents=True, exist_ok=True)
    ball = ball or BallFilm()
    _write_ball(paths, ball, report)
    _write_face(paths, face or FaceFilm(), report)
    paths.pipeline.write_text(_pipeline(paths, ball.frame_count), encoding="utf-8")
    return paths


def _write_ball(paths: ExamplePaths, film: BallFilm, report: Report) -> None:
    duration = film.frame_count / BALL_RATE
    tune = make_tune(duration)
    times = [time for time in bounce_times() if time < duration]
    with_bounces = add_bounces(tune, times, [_side(time) for time in times])
    clean: list[NDArray[np.uint8]] = []

    def drawn() -> Iterator[NDArray[np.uint8]]:
        for index in range(film.frame_count):
            one: Drawn = film.draw(index)
            write_png(paths.ball_masks / file_name(index), one.labels, davis_palette())
            clean.append(one.clean)
            report(Progress("example", index + 1, film.frame_count, note=paths.ball.name))
            yield one.rgb

    rates = {"frames_per_second": BALL_RATE, "samples_per_second": SAMPLES_PER_SECOND}
    write_film(paths.ball, drawn(), sound=with_bounces, **rates)
    write_film(paths.ball_clean, clean, sound=tune, **rates)


def _side(time: float) -> float:
    """Return where the ball is heard, from -1 on the left to 1 on the right."""
    view = camera_at(time * BALL_RATE)
    x, _, _ = view.project(ball_at(time)[0])
    return float(2 * x / view.size[1] - 1)


def _write_face(paths: ExamplePaths, film: FaceFilm, report: Report) -> None:
    def drawn() -> Iterator[NDArray[np.uint8]]:
        for index in range(film.frame_count):
            report(Progress("example", index + 1, film.frame_count, note=paths.face.name))
            yield film.draw(index)

    sound = make_tune(film.frame_count / FACE_RATE)
    write_film(paths.face, drawn(), frames_per_second=FACE_RATE, sound=sound, samples_per_second=SAMPLES_PER_SECOND)
    boxes = [{"frame": index, **asdict(film.box(index))} for index in range(film.frame_count)]
    lines = ",\n  ".join(json.dumps(one) for one in boxes)
    paths.face_boxes.write_text(f'{{"unit": "px", "faces": [\n  {lines}\n]}}\n', encoding="utf-8")


def object_point(object_id: int) -> tuple[int, int]:
    """Return a pixel x, y well inside the ball (1) or its shadow (2) on the first frame."""
    view = camera_at(0)
    centre, _ = ball_at(0.0)
    if object_id == SHADOW:
        centre = centre - np.asarray(SUN, np.float64) * (centre[1] / float(SUN[1]))
    x, y, _ = view.project(centre)
    return round(x), round(y)


def around(object_id: int, index: int = 0) -> tuple[int, int, int, int]:
    """Return a box x0, y0, x1, y1 drawn loosely around the ball (1) or its shadow (2) on a frame."""
    region = object_box(object_id, index).grown(_LOOSE_PX, BallFilm().size)
    return region.x0, region.y0, region.x1, region.y1


def _comma(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))


def _pipeline(paths: ExamplePaths, frame_count: int) -> str:
    """Return the text of a pipeline file that removes the ball and its shadow."""
    places = [(name, 0) for name in _OBJECTS]
    places += [(name, index) for name, indices in _CORRECTED.items() for index in indices if index < frame_count]
    return (
        "# Made by `videdit example`. Run it with `videdit run`.\n"
        f'source = "{paths.ball.name}"\noutput = "ball_removed.mp4"\n\n'
        + "\n".join(_box_prompt(name, index) for name, index in places)
        + '\n[[effects]]\nname = "remove"\nobjects = ["ball", "shadow"]\n'
    )


def _box_prompt(name: str, index: int) -> str:
    x0, y0, x1, y1 = around(_OBJECTS[name], index)
    return f'[[prompts]]\nkind = "box"\nobject = "{name}"\nat = {index}\nx0 = {x0}\ny0 = {y0}\nx1 = {x1}\ny1 = {y1}\n'
