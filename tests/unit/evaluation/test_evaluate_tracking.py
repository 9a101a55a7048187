"""Runs of `videdit evaluate tracking` with engines that go by colour."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import videdit
from videdit.cli.evaluate_commands import evaluate_commands
from videdit.cli.session import Session
from videdit.errors import Interrupted, OptionError
from videdit.evaluation import Pointing, TrackingSettings, evaluate_tracking
from videdit.evaluation.choosing import to_gain
from videdit.plugins import Plugins
from videdit.progress import Progress
from videdit.runtime import Runtime
from videdit.testing.fakes import ColourSegmenter, ColourTracker, FakePlugin, StillTracker
from videdit.tracker import Tracked

MASK = TrackingSettings(tracker="colour", segmenter="colour")


class Forgetful(ColourTracker):
    """Loses object 1 from frame 3 on, until it is corrected there or later; says so in its score."""

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        super().__init__()
        self._put_right = False

    def correct(self, index: int, object_id: int, mask: videdit.Mask) -> None:  # type: ignore[name-defined]
        super().correct(index, object_id, mask)
        self._put_right = True

    def step(self, index: int) -> dict[int, Tracked]:
        found = super().step(index)
        if index >= 3 and not self._put_right:
            found[1] = Tracked(np.zeros_like(found[1].mask), 0.1)
        return found


class Halves(videdit.Segmenter):
    """Gives the right or the left half of the colour that was clicked; both after a second click."""

    def __init__(self, options: Any = None, runtime: Any = None) -> None:
        self._whole = ColourSegmenter()

    def segment(self, frames: Any, index: int, prompts: Any, previous: Any = None) -> list[videdit.Hypothesis]:
        whole = self._whole.segment(frames, index, prompts[:1])[0].mask
        if previous is not None or len(prompts) > 1:
            return [videdit.Hypothesis(whole, 0.9)]
        columns = np.nonzero(whole.any(axis=0))[0]
        half = whole & (np.arange(whole.shape[1]) < columns.mean())
        return [videdit.Hypothesis(half, 0.9)]


class Hidden(ColourSegmenter):
    """Gives a strip of rubbish on frame 4, whatever is clicked there."""

    def segment(self, frames: Any, index: int, prompts: Any, previous: Any = None) -> list[videdit.Hypothesis]:
        if index != 4:
            return super().segment(frames, index, prompts, previous)
        rubbish = np.zeros(frames.size, bool)
        rubbish[:, int(prompts[-1].x)] = True
        return [videdit.Hypothesis(rubbish, 0.9)]


class Worse(ColourSegmenter):
    """Answers the first click well and every further one with nothing but its pixel."""

    def segment(self, frames: Any, index: int, prompts: Any, previous: Any = None) -> list[videdit.Hypothesis]:
        if len(prompts) == 1 and index:
            whole = super().segment(frames, index, prompts)[0].mask
            whole[int(prompts[0].y), int(prompts[0].x)] = False
            return [videdit.Hypothesis(whole, 0.9)]
        dot = np.zeros(frames.size, bool)
        dot[int(prompts[-1].y), int(prompts[-1].x)] = True
        return [videdit.Hypothesis(dot, 0.9)]


class Patience(videdit.Options):
    frames: int = 0
    weights: Path | None = None


class Patient(ColourTracker):
    """Loses object 1 from a certain frame on."""

    def __init__(self, options: Patience, runtime: Any = None) -> None:
        super().__init__()
        self._first = options.frames

    def step(self, index: int) -> dict[int, Tracked]:
        found = super().step(index)
        if index >= self._first:
            found[1] = Tracked(np.zeros_like(found[1].mask), 0.1)
        return found


class Extra:
    @videdit.hookimpl
    def register_trackers(self, register: Any) -> None:
        register("forgetful", Forgetful)
        register("still", StillTracker)
        register("patient", Patient, Patience)

    @videdit.hookimpl
    def register_segmenters(self, register: Any) -> None:
        register("halves", Halves)
        register("hidden", Hidden)
        register("worse", Worse)


@pytest.fixture
def plugins(fakes: FakePlugin) -> Plugins:
    return Plugins(installed=False, objects={"fakes": fakes, "extra": Extra()})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


RecordOf = Callable[[TrackingSettings], Any]


@pytest.fixture
def record_of(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> RecordOf:
    """Evaluate the sequence `ants`, and return what is kept of it."""

    def evaluated(settings: TrackingSettings) -> Any:
        evaluate_tracking(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime, sequences=["ants"])
        return json.loads((tmp_path / "out/finished/ants.json").read_text())

    return evaluated


def test_what_is_tracked_without_fault_gets_full_marks(
    davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime
) -> None:
    found = evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=runtime)
    assert [row["sequence"] for row in found.rows] == ["ants", "bees", "mean"]
    mean = found.rows[-1]
    assert (mean["j"], mean["f"], mean["j_and_f"], mean["j_recall"], mean["j_decay"]) == (1, 1, 1, 1, 0)
    assert mean["objects"] == 4
    assert float(mean["wall_ms"]) > 0  # type: ignore[arg-type]
    assert found.lines()[-1].startswith("mean")


def test_the_result_files_are_what_the_server_takes(
    davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime
) -> None:
    evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=runtime, sequences=["ants"])
    truths = sorted((davis / "Annotations/480p/ants").iterdir())
    results = sorted((tmp_path / "out/masks/ants").iterdir())
    assert [path.name for path in results] == [path.name for path in truths]
    for result, truth in zip(results, truths, strict=True):
        with Image.open(result) as ours, Image.open(truth) as theirs:
            assert ours.mode == "P"
            assert ours.getpalette() == theirs.getpalette()
            assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_means_are_over_objects_not_sequences(
    davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime, sequence_writer: Callable[..., None]
) -> None:
    sequence_writer(davis, "cats", seed=3, binary=True)
    settings = TrackingSettings(tracker="forgetful")
    found = evaluate_tracking(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime)
    # Frames 1 to 4 count. Object 1 is lost on 3 and 4, so its J is 1/2, its recall too, its decay 1; object 2 keeps 1.
    ants, _, cats, mean = found.rows
    assert (ants["j"], ants["j_recall"], ants["j_decay"]) == (0.75, 0.75, 0.5)
    # In two values both colours are one object, of which the fake finds the part of one colour.
    assert cats["objects"] == 1
    by_object = [float(row["j"]) for row in rows_of(tmp_path / "out/objects.csv")]
    assert len(by_object) == 5
    assert mean["j"] == pytest.approx(np.mean(by_object))
    assert mean["j"] != pytest.approx(np.mean([float(row["j"]) for row in found.rows[:3]]))  # type: ignore[arg-type]
    # Every lost frame has a score of .1 and every good one a score near 1.
    assert ants["auroc"] == 1


def test_a_correction_goes_to_the_middle_of_what_is_wrong_and_helps(record_of: RecordOf, tmp_path: Path) -> None:
    settings = TrackingSettings(tracker="forgetful", corrections=2)
    record = record_of(settings)
    # The fake begins on frame 4, loses the object again on the way back to 3, and is put right there too.
    assert record["corrected"] == [{"object": 1, "frame": 4}, {"object": 1, "frame": 3}]
    assert record["rounds"] == [0.75, 0.875, 1]
    assert record["objects"]["1"]["scores"][4] is None, "a mask that was given says nothing of the tracker's score"
    assert (tmp_path / "out/plots/corrections.png").is_file()


@pytest.mark.parametrize("init", ["click", "box"])
def test_from_one_click_or_box_to_the_whole_sequence(
    init: Any, davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime
) -> None:
    settings = TrackingSettings(Pointing(init), tracker="colour", segmenter="colour")
    found = evaluate_tracking(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime, sequences=["bees"])
    assert found.rows[-1]["j_and_f"] == 1
    assert found.rows[-1]["first_iou"] == 1
    assert found.rows[-1]["prompt_ms"] is not None


def test_a_run_that_was_stopped_goes_on(
    davis: Path, tmp_path: Path, plugins: Plugins, fakes: FakePlugin, runtime: Runtime
) -> None:
    seen: list[Progress] = []

    def stop_in_the_second(step: Progress) -> None:
        if step.done == 9:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=runtime, report=stop_in_the_second)
    assert [path.name for path in (tmp_path / "out/finished").iterdir()] == ["ants.json"]
    ants = (tmp_path / "out/finished/ants.json").read_bytes()
    fakes.trackers.clear()
    resumed = evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=runtime, report=seen.append)
    assert len(fakes.trackers) == 1, "the finished sequence is not tracked again"
    assert (tmp_path / "out/finished/ants.json").read_bytes() == ants
    assert (seen[0].done, seen[0].total) == (6, 12)
    assert (seen[-1].done, seen[-1].total) == (12, 12)
    whole = evaluate_tracking(davis, tmp_path / "whole", MASK, plugins=plugins, runtime=runtime)
    same = ("sequence", "objects", "j", "f", "j_and_f", "auroc")
    assert repr([[row.get(key) for key in same] for row in resumed.rows]) == repr(
        [[row.get(key) for key in same] for row in whole.rows]
    )


def test_results_of_two_settings_are_not_mixed(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=runtime, sequences=["ants"])
    other = plugins.runtime(Runtime(learned=False))
    with pytest.raises(OptionError, match="another learned"):
        evaluate_tracking(davis, tmp_path / "out", MASK, plugins=plugins, runtime=other)


def test_a_test_set_without_truth_gets_result_files_and_no_figures(
    tmp_path: Path, plugins: Plugins, runtime: Runtime, sequence_writer: Callable[..., None]
) -> None:
    sequence_writer(tmp_path / "data", "dots", seed=4, truths=1)
    found = evaluate_tracking(tmp_path / "data", tmp_path / "out", MASK, plugins=plugins, runtime=runtime)
    assert len(list((tmp_path / "out/masks/dots").iterdir())) == 6
    assert found.rows[-1]["j_and_f"] is None
    assert " - " in found.lines()[-1]
    with pytest.raises(OptionError, match="true masks"):
        evaluate_tracking(
            tmp_path / "data", tmp_path / "two", TrackingSettings(corrections=1), plugins=plugins, runtime=runtime
        )


def test_all_objects_as_one(davis: Path, tmp_path: Path, plugins: Plugins, runtime: Runtime) -> None:
    settings = TrackingSettings(one_object=True, tracker="colour")
    found = evaluate_tracking(davis, tmp_path / "out", settings, plugins=plugins, runtime=runtime, sequences=["ants"])
    assert found.rows[0]["objects"] == 1


def test_the_command_prints_a_table_and_writes_files(davis: Path, tmp_path: Path, plugins: Plugins) -> None:
    app = evaluate_commands(Session(plugins))
    out = tmp_path / "out"
    arguments = ["tracking", str(davis), "--results", str(out), "--tracker", "forgetful", "--device", "cpu"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["sequence", "objects", "J&F"]
    assert lines[3].split()[:5] == ["mean", "4", "75.0", "75.0", "75.0"]
    assert "evaluating: 12/12" in done.stderr
    for name in ("tracking.csv", "objects.csv", "frames.csv", "worst.png", "plots/sequences.png", "plots/ants.png"):
        assert (out / name).stat().st_size > 0
    assert len(rows_of(out / "frames.csv")) == 2 * 2 * 6
    assert float(rows_of(out / "tracking.csv")[-1]["j_and_f"]) == 0.75
    as_json = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(as_json.stdout)["rows"][-1]["j"] == 0.75


def test_the_command_names_what_is_wrong(davis: Path, tmp_path: Path, plugins: Plugins) -> None:
    app = evaluate_commands(Session(plugins))
    results = ["--results", str(tmp_path / "out")]
    unknown = CliRunner().invoke(app, ["tracking", str(davis), *results, "--tracker", "nobody", "--device", "cpu"])
    assert unknown.exit_code == 6
    assert "nobody" in unknown.stderr
    nowhere = CliRunner().invoke(app, ["tracking", str(tmp_path / "empty"), *results])
    assert nowhere.exit_code == 2
    assert "JPEGImages" in nowhere.stderr


def test_options_of_the_engines_are_set_by_the_command(davis: Path, tmp_path: Path, plugins: Plugins) -> None:
    app = evaluate_commands(Session(plugins))
    (tmp_path / "own.bin").write_bytes(b"1")

    def run(*options: str, results: str = "out") -> Any:
        written = [part for one in options for part in ("--set", one)]
        start = ["tracking", str(davis), "--results", str(tmp_path / results), "--tracker", "patient", *written]
        return CliRunner().invoke(app, [*start, "--device", "cpu"])

    patient = run("tracker.frames=3", f"tracker.weights={tmp_path / 'own.bin'}")
    assert patient.exit_code == 0, patient.output
    assert patient.stdout.splitlines()[3].split()[:4] == ["mean", "4", "75.0", "75.0"]
    other = run("tracker.frames=9", f"tracker.weights={tmp_path / 'own.bin'}")
    assert (other.exit_code, "tracker_options" in other.stderr) == (2, True)
    (tmp_path / "own.bin").write_bytes(b"2")
    retrained = run("tracker.frames=3", f"tracker.weights={tmp_path / 'own.bin'}")
    assert (retrained.exit_code, "tracker_options" in retrained.stderr) == (2, True)
    for wrong, named in (("frames=3", "tracker.OPTION"), ("tracker.frames", "VALUE"), ("tracker.speed=3", "speed")):
        done = run(wrong, results="wrong")
        assert (done.exit_code, named in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "wrong").exists()


def test_an_object_that_is_not_there_at_first_is_followed_both_ways_once_corrected(
    davis: Path, record_of: RecordOf
) -> None:
    path = davis / "Annotations/480p/ants/00000.png"
    with Image.open(path) as picture:
        labels = np.array(picture)
    Image.fromarray(np.where(labels == 1, 0, labels)).save(path)
    settings = TrackingSettings(tracker="colour", corrections=1)
    record = record_of(settings)
    # Unseen, its J is 0 on every frame but the first.
    assert record["rounds"] == [0.5, 1]
    assert record["corrected"] == [{"object": 1, "frame": 3}]
    # Backwards to frame 0, where the fake sees the red square that the annotation leaves out.
    assert record["objects"]["1"]["j"] == [0, 1, 1, 1, 1, 1]
    assert record["objects"]["1"]["scores"][0] is not None


def test_clicks_of_a_correction_go_on_from_the_mask_that_is_there(record_of: RecordOf) -> None:
    settings = TrackingSettings(Pointing("click", 1), tracker="forgetful", segmenter="colour", corrections=1)
    record = record_of(settings)
    assert record["corrected"] == [{"object": 1, "frame": 4}]
    assert record["rounds"] == [0.75, 0.875]


def test_a_correction_may_take_several_clicks_and_go_on_on_the_first_frame(record_of: RecordOf) -> None:
    """The segmenter gives one half of the object for one click, and the tracker keeps what it is given."""
    settings = TrackingSettings(Pointing("click", 1), tracker="still", segmenter="halves", corrections=1)
    record = record_of(settings)
    assert record["objects"]["2"]["j"][0] == 0.5, "one click on the first frame"
    assert record["corrected"][0]["object"] == 1
    index = record["corrected"][0]["frame"]
    assert record["objects"]["1"]["j"][index] == 1, "several at the correction"


def test_a_correction_that_gets_no_hold_of_the_object_is_given_up_for_another_frame(record_of: RecordOf) -> None:
    settings = TrackingSettings(Pointing("click", 1), tracker="forgetful", segmenter="hidden", corrections=1)
    record = record_of(settings)
    assert record["given_up"] == [{"object": 1, "frame": 4}]
    assert [one["frame"] for one in record["corrected"]] == [3]
    assert record["rounds"][1] > record["rounds"][0]


def test_a_click_that_makes_a_correction_worse_is_taken_back(record_of: RecordOf) -> None:
    settings = TrackingSettings(Pointing("click", 1), tracker="forgetful", segmenter="worse", corrections=1)
    record = record_of(settings)
    ((one, index),) = ((each["object"], each["frame"]) for each in record["corrected"])
    assert record["objects"][str(one)]["j"][index] > 0.8, "the answer to the first of five clicks"


def test_of_a_stretch_that_is_wrong_the_middle_has_the_most_to_gain() -> None:
    gains = to_gain([1, 1, 0, 0, 0, 1, 1, None])
    assert gains.index(max(gains)) == 3
    assert gains[3] == pytest.approx(1 + 2 * 0.9)
    lone = to_gain([0, *[1] * 30, *[0.5] * 20])
    assert lone.index(max(lone)) > 35
