"""YuNet and SFace through OpenCV's own classes, with networks whose answers are known beforehand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import videdit
from tests.unit.faces.small_networks import write_sface, write_yunet
from videdit.errors import CorruptCheckpoint, MissingCheckpoint
from videdit.plugins import Plugins

SIZE = (200, 300)  # no multiple of 32


def picture(*faces: tuple[int, int, tuple[int, int, int]]) -> NDArray[np.uint8]:
    """Draw a red cell of 16 pixels at each row and column of cells, on a ground of the colour of that person."""
    rgb = np.full((*SIZE, 3), 0, np.uint8)
    for row, column, colour in faces:
        rgb[16 * row - 40 : 16 * row + 56, 16 * column - 40 : 16 * column + 56] = colour
        rgb[16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = (255, 0, 0)
    return rgb


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("networks")
    paths = {"yunet-2026may": folder / "yunet.onnx", "sface-2021dec": folder / "sface.onnx"}
    write_yunet(paths["yunet-2026may"])
    write_sface(paths["sface-2021dec"])
    return paths


def with_files(files: dict[str, Path]) -> videdit.Runtime:
    def find(id: str) -> Path:
        if id not in files:
            raise MissingCheckpoint(f"the file of {id!r} is not there")
        return files[id]

    return videdit.Runtime(find_checkpoint=find)


def detector(files: dict[str, Path], name: str = "yunet") -> videdit.Detector:
    plugins = Plugins()
    made = plugins.create("detector", name, {}, plugins.runtime(with_files(files)))
    assert isinstance(made, videdit.Detector)
    return made


def frame(rgb: NDArray[np.uint8]) -> videdit.Frame:
    return videdit.ArrayFrames([rgb])[0]


def test_boxes_marks_and_scores_are_decoded(files: dict[str, Path]) -> None:
    rgb = picture((5, 6, (0, 0, 90)))
    rgb[80:96, 208:224] = (102, 0, 0)  # as red as 0.4
    first, second = detector(files).detect(frame(rgb))
    # The middle lies 0.25 and 0.5 cells into the cell, 4 by 6 cells large.
    assert (first.x0, first.y0, first.x1, first.y1) == pytest.approx((68, 40, 132, 136), abs=0.01)
    assert first.points[0] == pytest.approx((80, 64), abs=0.01)
    assert first.points[4] == pytest.approx((112, 112), abs=0.01)
    assert (first.score, second.score) == pytest.approx((1.0, 0.4), abs=0.01)
    assert (second.x0, second.x1) == pytest.approx((180, 244), abs=0.01)


def test_frames_of_other_sizes_and_without_faces(files: dict[str, Path]) -> None:
    yunet = detector(files)
    assert yunet.detect(frame(np.zeros((60, 90, 3), np.uint8))) == []
    (cut,) = yunet.detect(frame(picture((0, 0, (0, 0, 0)))))
    assert (cut.x0, cut.y0) == (0, 0)
    assert yunet.detect(frame(picture((5, 6, (0, 0, 0)))[:, :150])) != []


def test_looks_are_rows_of_length_one_that_tell_people_apart(files: dict[str, Path]) -> None:
    yunet = detector(files)
    assert yunet.looks_unavailable() == ""
    anna, ben = (0, 0, 200), (0, 200, 0)
    shot = frame(picture((5, 4, anna), (5, 13, ben)))
    found = sorted(yunet.detect(shot), key=lambda one: one.x0)
    here = yunet.looks(shot, found)
    later = frame(picture((6, 12, anna)))
    there = yunet.looks(later, yunet.detect(later))
    assert here is not None
    assert there is not None
    assert here.shape == (2, 128)
    assert np.linalg.norm(here, axis=1) == pytest.approx(1)
    assert here[0] @ there[0] > 0.9
    assert here[1] @ there[0] < yunet.looks_alike


def test_people_are_known_again_in_another_shot(files: dict[str, Path], tmp_path: Path) -> None:
    from videdit.media.from_arrays import write_film
    from videdit.project import Project

    anna, ben = (0, 0, 200), (0, 200, 0)
    film = tmp_path / "film.mp4"
    first = picture((5, 4, anna), (5, 13, ben))
    second = np.maximum(picture((6, 12, anna), (6, 4, ben)), np.uint8(60))
    write_film(film, [*[first] * 12, *[second] * 12], frames_per_second=25, sound=None, quality=8)
    plugins = Plugins()
    with videdit.open(film, tmp_path / "p", plugins=plugins, device="cpu") as project:
        assert isinstance(project, Project)
        project._runtime = plugins.runtime(with_files(files))
        project.set_shots([videdit.Shot(0, 12, "start"), videdit.Shot(12, 24)])
        (found,) = project.find("faces", detector="yunet").found()
    assert [one.number for one in found.people] == [1, 2]
    for one in found.people:
        assert [s.index for s in one.sightings] == list(range(24))
    before, after = (found.people[0].sightings[index].box for index in (0, 23))
    assert before[0] < 100 < after[0]


def test_a_file_that_is_no_network_is_named_in_one_sentence(files: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"this is no network")
    with pytest.raises(CorruptCheckpoint, match=r"yunet-2026may"):
        detector({"yunet-2026may": broken})
    with pytest.raises(CorruptCheckpoint, match=r"sface-2021dec"):
        detector({**files, "sface-2021dec": broken}).looks_unavailable()
    other = {**files, "yunet-2026may": files["sface-2021dec"]}
    with pytest.raises(CorruptCheckpoint, match=r"yunet-2026may"):
        detector(other).detect(frame(picture()))


def test_the_file_that_is_named_is_the_one_at_fault(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(size: tuple[int, int]) -> None:
        raise cv2.error("it does not fit")

    yunet = detector(files)
    assert yunet.looks_unavailable() == ""
    monkeypatch.setattr(yunet, "_net", SimpleNamespace(setInputSize=refuse))
    with pytest.raises(CorruptCheckpoint, match="yunet-2026may") as caught:
        yunet.detect(frame(picture()))
    assert caught.value.where == str(files["yunet-2026may"])


def test_without_a_file_the_next_step_is_named() -> None:
    with pytest.raises(MissingCheckpoint, match="yunet-2026may"):
        detector({})
    assert "videdit checkpoints pull sface-2021dec" in detector({}, "centerface").looks_unavailable()
