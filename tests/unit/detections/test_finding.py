"""Find things through a project: objects, masks, effects, cuts, and what is not done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import videdit
from tests.unit.detections.conftest import CUT, FRAMES, SIZE, Teller, place
from videdit.errors import DoubtfulResult, NothingSelected, OptionError, UnknownPlugin
from videdit.media import Picture, VideoReader, open_video
from videdit.plugins import Plugins
from videdit.project import Project, read_description

With = Callable[[Teller], Plugins]


def project_of(film: Path, folder: Path, plugins: Plugins) -> Project:
    return videdit.open(film, folder, plugins=plugins, device="cpu")


def names(project: Project) -> list[str]:
    return [one.name for one in project.objects]


def test_everyone_found_is_an_object_with_masks(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.find("discs", object="disc")
        (found,) = project.found()
        assert names(project) == ["disc 1", "disc 2", "disc 3", "disc 4"]  # nothing is linked across the cut
        spans = [(one.sightings[0].index, one.sightings[-1].index) for one in found.people]
        assert spans == [(0, CUT - 1), (0, CUT - 1), (CUT, FRAMES - 1), (CUT, FRAMES - 1)]
        for index in range(FRAMES):
            together = project.track.union(index)
            for number in (0, 1):
                x0, y0, x1, y1 = (round(value) for value in place(number, index))
                assert together[(y0 + y1) // 2, (x0 + x1) // 2]
            assert together.mean() < 0.2
        assert {entry.origin for entry in project.track.entries(1)} == {"detected", "filled"}


@pytest.mark.parametrize(("waiting_bytes", "passes"), [(2**27, 1), (3 * 120 * 160 * 10, 3)])
def test_shots_and_things_are_found_in_one_pass(
    film: Path, tmp_path: Path, both: Teller, plugins_with: With, monkeypatch: pytest.MonkeyPatch,
    waiting_bytes: int, passes: int,
) -> None:  # fmt: skip
    monkeypatch.setattr("videdit.detections.search._WAITING_BYTES", waiting_bytes)
    decoded: list[tuple[int, int | None]] = []
    pictures = VideoReader.pictures

    def counted(self: VideoReader, start: int = 0, stop: int | None = None, **how: int) -> Iterator[Picture]:
        decoded.append((start, stop))
        return pictures(self, start, stop, **how)

    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        shots = project.find("discs", object="disc").shots()
        (expected,) = project.found()
        masks = project.track.digest()
    looked = list(both.looked)
    with project_of(film, tmp_path / "q", plugins_with(both)) as project:
        monkeypatch.setattr(VideoReader, "pictures", counted)
        (found,) = project.find("discs", object="disc").found()
        assert project.shots() == shots
        assert found == expected
        assert project.track.digest() == masks
    # Frames that wait in vain for a detector that tells late are let go, and their shots looked through afterwards.
    assert len(decoded) == passes
    assert both.looked[-len(looked) :] == looked


def test_who_looks_alike_is_one_across_a_cut(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    both.knows = True
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.find("discs", object="disc").found()
        assert names(project) == ["disc 1", "disc 2"]
        assert project.track.frames(1) == list(range(FRAMES))


def test_a_second_run_looks_at_nothing(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.find("discs", object="disc", follow={"every": 4}).found()
        looked, before = list(both.looked), project.track.digest()
    assert looked == [*range(0, CUT, 4), CUT - 1, *range(CUT, FRAMES, 4), FRAMES - 1]
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.found()
        assert both.looked == looked
        assert project.track.digest() == before
        project.replace_detections([replace(project.description.detections[0], follow={"every": 4, "size": 2.0})])
        project.found()
        assert both.looked == looked  # the boxes are the same, the masks are drawn anew
        assert project.track.digest() != before


def pixels(path: Path) -> list[np.ndarray]:
    with open_video(path) as reader:
        return [picture.rgb() for picture in reader.pictures()]


def test_effects_are_for_the_chosen_ones(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    pipeline = tmp_path / "p.toml"
    pipeline.write_text(
        '[[detections]]\nfind = "discs"\nobject = "disc"\nexcept = [2, 4]\n'
        '[[effects]]\nname = "blur"\nobjects = ["disc"]\noptions = { style = "solid" }\n[encode]\nlossless = true\n'
    )
    with project_of(film, tmp_path / "work", plugins_with(both)) as project:
        project.use(read_description(pipeline))
        out = project.save(tmp_path / "out.mkv").path
        again = read_description(tmp_path / "work" / "project.toml")
        assert again.detections == project.description.detections
    source, result = pixels(film), pixels(out)
    assert len(result) == FRAMES
    for index in (3, CUT - 1, CUT, FRAMES - 1):
        for number, hidden in ((0, True), (1, False)):
            x0, y0, x1, y1 = (round(value) for value in place(number, index))
            inside = (slice(y0 + 8, y1 - 8), slice(x0 + 6, x1 - 6))
            assert (result[index][inside].max() < 12) == hidden
            assert np.array_equal(result[index][inside], source[index][inside]) != hidden


def test_boxes_can_be_put_right_and_rendered_again(
    film: Path, tmp_path: Path, both: Teller, plugins_with: With
) -> None:
    from videdit.detections.sidecar import write_boxes

    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        (found,) = project.find("discs", object="disc").found()
        file = tmp_path / "boxes.json"
        write_boxes(file, found.people, name="film.mp4", size=SIZE, frames=FRAMES, find="discs")
        before = project.track.get(1, 5)
        file.write_text("\n".join(line for line in file.read_text().splitlines() if '"id": 2,' not in line))
        looked = len(both.looked)
        project.replace_detections([replace(found.step, boxes=file)]).found()
        assert names(project) == ["disc 1", "disc 3", "disc 4"]
        assert len(both.looked) == looked
        after = project.track.get(1, 5)
        assert before is not None
        assert after is not None
        assert abs(after.mask.area_px - before.mask.area_px) < 0.03 * before.mask.area_px
        assert project.track.frames(2) == []


def gone_after_eight(index: int) -> list[tuple[int, float]]:
    return [(0, 0.9)] if index <= 8 else []


def test_lost_from_sight(film: Path, tmp_path: Path, plugins_with: With) -> None:
    follow = {"every": 4, "extend": 3, "hold": 4}
    with project_of(film, tmp_path / "p", plugins_with(Teller(gone_after_eight))) as project:
        (found,) = project.find("discs", object="disc", follow=follow).found()
        lost = [one.index for _, one in found.doubtful(lambda number: True) if one.doubt == "lost"]
        assert lost[0] == 9
        assert {row["frame"] for row in project.review()} <= set(lost)
        project.replace_detections([replace(found.step, follow={**follow, "on_lost": "frame"})]).found()
        assert [bool(project.track.union(index).all()) for index in (8, 9, lost[-1])] == [False, True, True]
        project.replace_detections([replace(found.step, follow={**follow, "on_lost": "stop"})])
        with pytest.raises(DoubtfulResult, match="9"):
            project.found()


def test_words_on_one_frame_point_at_the_best(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        (still,) = project.point(videdit.Phrase("discs", at=videdit.Moment(frame=6), object="it")).preview()
        rows, columns = np.nonzero(still.masks["it"])
        x0, y0, x1, y1 = place(0, 6)
        assert abs(columns.mean() - (x0 + x1) / 2) < 5
        assert abs(rows.mean() - (y0 + y1) / 2) < 5
        assert both.looked == [6]
    with (
        project_of(film, tmp_path / "q", plugins_with(Teller(lambda index: []))) as project,
        pytest.raises(NothingSelected, match="discs"),
    ):
        project.point(videdit.Phrase("discs")).preview()


def test_nobody_there(film: Path, tmp_path: Path, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(Teller(lambda index: []))) as project:
        out = project.find("discs", object="disc").effect("blur").save(tmp_path / "out.mkv")
        assert names(project) == []
        assert out.verified.frame_count == FRAMES


def test_a_range_is_looked_at_alone(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.limit(5, 12).find("discs", object="disc").found()
        assert min(both.looked) == 5
        assert max(both.looked) == 11
        assert project.track.frames(1) == list(range(5, 12))


def test_words_without_a_detector_say_what_there_is(
    film: Path, tmp_path: Path, both: Teller, plugins_with: With
) -> None:
    with (
        project_of(film, tmp_path / "p", plugins_with(both)) as project,
        pytest.raises(UnknownPlugin, match=r"discs.*faces"),
    ):
        project.find("zebras").found()


def test_names_must_differ(film: Path, tmp_path: Path, both: Teller, plugins_with: With) -> None:
    with project_of(film, tmp_path / "p", plugins_with(both)) as project:
        project.find("discs")
        with pytest.raises(OptionError, match="alike"):
            project.find("discs")
        with pytest.raises(OptionError, match="cat"):
            project.effect("blur", objects=["cat"])
