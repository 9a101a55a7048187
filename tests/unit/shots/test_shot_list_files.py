from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videdit.errors import OptionError, ProjectError
from videdit.shot_lists import Timing, read_shots, write_shots
from videdit.shots import Shot

PAL = Timing(Fraction(25))
NTSC = Timing(Fraction(30000, 1001))
SHOTS = [Shot(0, 40, "start"), Shot(40, 97, "dissolve", 14), Shot(97, 98), Shot(98, 200, "fade", 21)]
UNEVEN = Timing(Fraction(20), tuple(Fraction(n * n, 1000) for n in range(200)))

shot_lists = st.lists(
    st.tuples(st.integers(1, 500), st.sampled_from(["cut", "dissolve", "fade"]), st.integers(0, 60)), min_size=1
).map(lambda parts: _joined(parts))


def _joined(parts: list[tuple[int, str, int]]) -> list[Shot]:
    shots: list[Shot] = []
    for length, kind, frames in parts:
        start = shots[-1].stop if shots else 0
        shots.append(Shot(start, start + length, kind if start else "start", frames))  # type: ignore[arg-type]
    return shots


def _spans(shots: list[Shot]) -> list[tuple[int, int]]:
    return [(shot.start, shot.stop) for shot in shots]


@given(shots=shot_lists, form=st.sampled_from([".json", ".csv"]), timing=st.sampled_from([PAL, NTSC]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_json_and_csv_give_back_what_was_written(tmp_path: Path, shots: list[Shot], form: str, timing: Timing) -> None:
    path = tmp_path / f"shots{form}"
    write_shots(path, shots, timing, source="film, 1.mp4")
    assert read_shots(path, frame_count=shots[-1].stop) == shots


@given(shots=shot_lists, form=st.sampled_from([".edl", ".otio"]), code=st.sampled_from(["", "10:00:00:00"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001)])
def test_edl_and_otio_give_back_the_ranges(
    tmp_path: Path, shots: list[Shot], form: str, code: str, rate: Fraction
) -> None:
    path = tmp_path / f"shots{form}"
    timing = Timing(rate, timecode=code)
    write_shots(path, shots, timing, source="film.mp4")
    assert _spans(read_shots(path, timing)) == _spans(shots)


@pytest.mark.parametrize("form", [".json", ".csv", ".otio"])
def test_uneven_times_come_back(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"shots{form}"
    write_shots(path, SHOTS, UNEVEN)
    assert _spans(read_shots(path, UNEVEN)) == _spans(SHOTS)


def test_json_holds_true_times_and_can_do_without(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_shots(path, SHOTS, UNEVEN, source="film.mkv")
    content = json.loads(path.read_text())
    assert content["source"] == "film.mkv"
    assert content["rate_varies"] is True
    assert content["shots"][1]["start_seconds"] == 1.6
    # The last frame is shown at 39.601 s and, at the mean rate, for a twentieth.
    assert content["shots"][3]["stop_seconds"] == 39.651
    write_shots(path, SHOTS)
    assert "start_seconds" not in json.loads(path.read_text())["shots"][0]
    assert read_shots(path) == SHOTS


def test_csv_has_pyscenedetects_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_shots(path, SHOTS, PAL)
    assert path.read_text().splitlines()[2] == (
        "2,41,00:00:01.600,1.600,97,00:00:03.880,3.880,57,00:00:02.280,2.280,dissolve,14"
    )


def test_pyscenedetects_own_csv_is_read(tmp_path: Path) -> None:
    from scenedetect.common import FrameTimecode
    from scenedetect.output import write_scene_list

    path = tmp_path / "theirs.csv"
    ends = [FrameTimecode(frame, 25.0) for frame in (0, 40, 97, 200)]
    with path.open("w", newline="") as file:
        write_scene_list(file, list(pairwise(ends)))
    assert _spans(read_shots(path, frame_count=200)) == [(0, 40), (40, 97), (97, 200)]


def test_edl_says_drop_frame_and_starts_at_the_films_timecode(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    write_shots(path, [Shot(0, 1800, "start"), Shot(1800, 1900)], NTSC, source="/films/my film.mp4")
    lines = path.read_text().splitlines()
    assert lines[:2] == ["TITLE: my film", "FCM: DROP FRAME"]
    assert lines[3] == "001  AX       V     C        00:00:00;00 00:01:00;02 00:00:00;00 00:01:00;02"
    assert lines[4] == "* FROM CLIP NAME: my film.mp4"
    write_shots(path, SHOTS, Timing(NTSC.rate, timecode="01:00:00:00"))
    assert "FCM: NON-DROP FRAME" in path.read_text()
    assert "01:00:01:10" in path.read_text()


def test_edl_from_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "theirs.edl"
    path.write_text(
        "TITLE: x\r\nFCM: NON-DROP FRAME\r\n\r\n"
        "001  TAPE_1 V C 01:00:02:00 01:00:03:00 00:00:00:00 00:00:01:00\r\n"
        "M2   TAPE_1 025.0 01:00:02:00\r\n"
        "002  TAPE_1 AA C 01:00:00:00 01:00:09:00 00:00:00:00 00:00:01:00\r\n"
        "003  TAPE_1 V C 01:00:03:00 01:00:03:00 00:00:01:00 00:00:01:00\r\n"
        "003  TAPE_1 V D 014 01:00:00:00 01:00:01:00 00:00:01:00 00:00:02:00\r\n"
    )
    timing = Timing(Fraction(25), timecode="01:00:00:00")
    assert _spans(read_shots(path, timing)) == [(50, 75), (0, 25)]
    with pytest.raises(ProjectError, match=r"theirs\.edl, line 4: 01:00:02:00 lies before the film begins"):
        read_shots(path, Timing(Fraction(25), timecode="02:00:00:00"))
    with pytest.raises(ProjectError, match="range 1 goes on to frame 74, but the film has 60 frames"):
        read_shots(path, timing, frame_count=60)


def test_edl_is_refused_where_the_rate_varies(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    with pytest.raises(OptionError, match="rate varies"):
        write_shots(path, SHOTS, UNEVEN)
    assert not path.exists()
    write_shots(path, SHOTS, PAL)
    with pytest.raises(ProjectError, match="rate varies"):
        read_shots(path, UNEVEN)


def test_jitter_of_time_stamps_is_no_variation(tmp_path: Path) -> None:
    rounded = tuple(Fraction(round(n * 1001 / 30), 1000) for n in range(200))
    assert not Timing(NTSC.rate, rounded).varies
    write_shots(tmp_path / "a.edl", SHOTS, Timing(NTSC.rate, rounded))


def test_otio_counts_from_the_medias_own_start(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    write_shots(path, SHOTS, Timing(Fraction(24), timecode="01:00:00:00"), source="film.mov")
    timeline = opentimelineio.adapters.read_from_file(str(path))
    clips = list(timeline.find_clips())
    assert [clip.source_range.start_time.value for clip in clips] == [86400, 86440, 86497, 86498]
    assert clips[0].media_reference.target_url == "film.mov"
    # A reader that was not told the film's timecode goes by what the clips say of their media.
    assert _spans(read_shots(path, Timing(Fraction(24)))) == _spans(SHOTS)
    with pytest.raises(ProjectError, match="track V1, clip 1: the clip begins before the film"):
        read_shots(path, Timing(Fraction(24), timecode="02:00:00:00"))


def test_otio_at_another_rate_is_read_by_time(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    write_shots(path, [Shot(0, 48, "start"), Shot(48, 96)], Timing(Fraction(24)))
    assert _spans(read_shots(path, PAL)) == [(0, 50), (50, 100)]


GOOD = {"schema": "videdit-shots/1", "shots": [{"start": 0, "stop": 9}, {"start": 9, "stop": 20}]}


def _with(number: int, **values: object) -> dict[str, object]:
    shots = [dict(one) for one in GOOD["shots"]]  # type: ignore[call-overload]
    shots[number] |= values
    return GOOD | {"shots": shots}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"line 1: the file is no JSON"),
        ("[]", "no list of shots"),
        ({"schema": "other"}, "no list of shots"),
        (GOOD | {"shots": {}}, "must be a list"),
        (GOOD | {"shots": []}, "holds no shots"),
        (GOOD | {"shots": [5]}, r"shots\[0\]: a shot must be an object"),
        (_with(1, start=10), r"shots\[1\]: the shot begins at frame 10, but the one before ends at 9"),
        (_with(0, start=2), r"shots\[0\]: the shot begins at frame 2, but the first one must begin at 0"),
        (_with(1, stop=9), r"shots\[1\]: a shot begins at 0 or later and ends after it begins"),
        (_with(1, stop="20"), r"shots\[1\]: stop must be a whole number, 0 or more, not '20'"),
        (_with(1, stop=True), r"shots\[1\]: stop must be a whole number"),
        (_with(1, transition="wipe"), r"shots\[1\]: there is no transition 'wipe'; use one of start, cut"),
        (_with(1, stop=30), "the shots end at frame 30, but the film has 20 frames"),
    ],
)
def test_json_that_is_wrong(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ProjectError, match=message) as caught:
        read_shots(path, frame_count=20)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_json_edited_down_to_the_least(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(GOOD))
    assert read_shots(path) == [Shot(0, 9, "start"), Shot(9, 20, "cut")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "no column Start Frame"),
        ("Start Frame,End Frame\n1,9\n11,20\n", "line 3: the shot begins at frame 10, but the one before ends at 9"),
        ("Start Frame,End Frame\n1,nine\n", "line 2: End Frame must be a whole number, not 'nine'"),
        ("Start Frame,End Frame\n1\n", "line 2: End Frame must be a whole number, not ''"),
        ("Start Frame,End Frame\n0,9\n", "line 2: Start Frame is counted from 1"),
        ("Start Frame,End Frame\n", "holds no shots"),
    ],
)
def test_csv_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(ProjectError, match=message):
        read_shots(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.edl", "TITLE: x\n", "no picture events"),
        ("a.edl", "001 AX V C 00:00:00:00\n", "line 1: the event has no source in and out"),
        ("a.edl", "001 AX V C 00:00:00:00 00:00:99:00 00:00:00:00 00:00:00:00\n", "line 1: '00:00:99:00' is no"),
        ("a.edl", "001 AX V C 00:00:01:00 00:00:00:00 00:00:00:00 00:00:00:00\n", "line 1: the event ends before"),
        ("a.otio", "{}", "no OpenTimelineIO timeline|holds no timeline"),
        ("a.otio", "nonsense", "no OpenTimelineIO timeline"),
    ],
)
def test_ranges_that_are_wrong(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ProjectError, match=message):
        read_shots(path, PAL)


def test_otio_without_clips_or_ranges(tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    timeline = opentimelineio.schema.Timeline("x")
    track = opentimelineio.schema.Track("V1", kind="Video")
    timeline.tracks.append(track)
    opentimelineio.adapters.write_to_file(timeline, str(path))
    with pytest.raises(ProjectError, match="no picture clips"):
        read_shots(path, PAL)
    track.append(opentimelineio.schema.Clip("bare"))
    opentimelineio.adapters.write_to_file(timeline, str(path))
    with pytest.raises(ProjectError, match="clip 1: the clip does not say which frames"):
        read_shots(path, PAL)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"use one of \.json, \.csv, \.edl, \.otio"):
        write_shots(tmp_path / "a.xml", SHOTS, PAL)
    with pytest.raises(OptionError, match="without the film's rate"):
        write_shots(tmp_path / "a.csv", SHOTS)
    with pytest.raises(OptionError, match="without the film's rate"):
        read_shots(tmp_path / "a.edl")
    with pytest.raises(ProjectError, match="cannot be read: No such file"):
        read_shots(tmp_path / "absent.json")
    with pytest.raises(ProjectError, match="cannot be written"):
        write_shots(tmp_path / "absent" / "a.json", SHOTS)
    (tmp_path / "picture.json").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ProjectError, match="it is no text"):
        read_shots(tmp_path / "picture.json")


def test_timing_refuses_nonsense() -> None:
    with pytest.raises(OptionError):
        Timing(Fraction(0))
    with pytest.raises(OptionError, match="do not ascend"):
        Timing(Fraction(25), (Fraction(0), Fraction(0)))
