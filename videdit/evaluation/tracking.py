"""Evaluate tracking on DAVIS: from a mask, a box or clicks on the first frame to every frame."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from videdit.errors import OptionError
from videdit.evaluation import sheets
from videdit.evaluation.confidence import FAILED_BELOW, auroc
from videdit.evaluation.costs import Meter
from videdit.evaluation.courses import Course, counted, course_of
from videdit.evaluation.davis import DavisSequence, chosen_names, open_davis
from videdit.evaluation.following import Followed, Follower
from videdit.evaluation.ledger import Ledger
from videdit.evaluation.parts import Evaluation, Record, Tick, engine_settings, run_parts, runtime_settings
from videdit.evaluation.plots import bar_chart, line_chart
from videdit.evaluation.prompted import Pointing
from videdit.evaluation.tables import Column, Row, Value, mean_of, write_csv
from videdit.frames import FrameSequence
from videdit.masks import davis_palette
from videdit.masks.pngs import write_png
from videdit.media import open_video
from videdit.plugins import AUTO, Plugins, Role
from videdit.progress import Report, silent
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.tracking.refining import Refine
from videdit.tracking.stage import Engines

COLUMNS = (
    Column("sequence", "sequence"),
    Column("objects", "objects", 0),
    Column("j_and_f", "J&F", 1, 100),
    Column("j", "J", 1, 100),
    Column("j_recall", "recall", 1, 100),
    Column("j_decay", "decay", 1, 100),
    Column("f", "F", 1, 100),
    Column("f_recall", "recall", 1, 100),
    Column("f_decay", "decay", 1, 100),
    Column("first_iou", "first", 1, 100),
    Column("auroc", "AUROC", 3),
    Column("refined", "refined", 0),
    Column("prompt_ms", "prompt ms", 0),
    Column("wall_ms", "ms/frame", 0),
    Column("cpu_ms", "CPU ms", 0),
    Column("peak_mib", "MiB", 0),
)
WORST_OF_SEQUENCE = 3
WORST_OF_ALL = 12
_MEAN = "mean"


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """What is evaluated.

    pointing:    how an object is shown on the first frame, and at each correction
    corrections: how many times the frame with the most to gain is corrected and the sequence tracked anew
    correction_clicks: at each of them, where objects are shown with clicks: at most so many
    one_object:  take all objects of a sequence together for one, as DAVIS 2016 does
    frames:      the first so many of each sequence; None takes all
    tracker, segmenter: names of engines
    tracker_options, segmenter_options: what is set on them
    refine:      whether doubtful masks are put to the segmenter
    reidentify:  whether objects that were lost are looked for again
    """

    pointing: Pointing = field(default_factory=Pointing)
    corrections: int = 0
    correction_clicks: int = 5
    one_object: bool = False
    frames: int | None = None
    tracker: str = AUTO
    segmenter: str = AUTO
    refine: Refine = "auto"
    reidentify: bool = False
    tracker_options: Mapping[str, Any] = field(default_factory=dict)
    segmenter_options: Mapping[str, Any] = field(default_factory=dict)


def evaluate_tracking(
    folder: str | Path,
    results: str | Path,
    settings: TrackingSettings,
    *,
    plugins: Plugins,
    runtime: Runtime,
    sequences: Sequence[str] = (),
    report: Report = silent,
) -> Evaluation:
    """Track the objects of every sequence and score the masks as the code of DAVIS does.

    folder:    the data set, as `open_davis` finds it
    results:   where tables, plots, contact sheets and the result masks go; a run that was stopped goes on there
    sequences: names; all if empty

    J and F leave out the first frame, which is given, and the last. Means are over the objects of the whole set.
    Raises OptionError for wrong settings or data, and what the engines raise.
    """
    davis = open_davis(folder)
    names = chosen_names(davis, sequences)
    opened = {name: davis.sequence(name, settings.frames, one_object=settings.one_object) for name in names}
    _check(settings, opened)
    roles: dict[Role, str] = {"tracker": settings.tracker}
    if settings.pointing.init != "mask" or settings.refine != "off" or settings.reidentify:
        roles["segmenter"] = settings.segmenter
    options: dict[Role, Mapping[str, Any]] = {
        "tracker": settings.tracker_options,
        "segmenter": settings.segmenter_options,
    }
    kept = {**asdict(settings), **engine_settings(plugins, runtime, roles, options), **runtime_settings(runtime)}
    if "segmenter" not in roles:
        kept["segmenter"], kept["segmenter_options"] = None, {}
    ledger = Ledger(results, {"evaluation": "tracking", **kept})
    job = _Job(ledger, settings, plugins, runtime, opened)
    weights = {name: len(one) * (1 + settings.corrections) for name, one in opened.items()}
    records = run_parts(weights, ledger, job.run, report)
    return _told(ledger, records)


def _check(settings: TrackingSettings, opened: Mapping[str, DavisSequence]) -> None:
    if settings.corrections < 0 or min(settings.pointing.clicks, settings.correction_clicks) < 1:
        raise OptionError("there is at least one click, and no negative number of corrections")
    if settings.frames is not None and settings.frames < 1:
        raise OptionError("at least one frame of each sequence is needed")
    for name, one in opened.items():
        if settings.corrections and not one.whole_truth:
            raise OptionError(
                "where to correct cannot be known without all true masks", where=name, next_step="leave them out"
            )


@dataclass(frozen=True, slots=True)
class _Job:
    ledger: Ledger
    settings: TrackingSettings
    plugins: Plugins
    runtime: Runtime
    sequences: Mapping[str, DavisSequence]

    def run(self, name: str, tick: Tick) -> Record:
        """Track one sequence, write its result masks and pictures, and return its figures."""
        sequence = self.sequences[name]
        with open_video(sequence.folder) as reader:
            frames = reader.walk_frames(Shot(0, len(sequence), "start"))
            if frames.size != sequence.size:
                raise OptionError(f"frames of {frames.size} have annotations of {sequence.size}", where=name)
            pointing_meter, meter = Meter(self.runtime.device), Meter(self.runtime.device)
            follower = Follower(
                self.plugins,
                self.runtime,
                Engines(
                    self.settings.segmenter,
                    self.settings.tracker,
                    self.settings.segmenter_options,
                    self.settings.tracker_options,
                    refine=self.settings.refine,
                    reidentify={"enabled": self.settings.reidentify},
                ),
                self._segmenter(),
                self.settings.pointing,
                replace(self.settings.pointing, clicks=self.settings.correction_clicks, undo=True),
                self.settings.corrections,
                meter,
                pointing_meter,
            )
            found = follower.follow(sequence, frames, tick)
            costs = meter.record(found.tracked_frames)
            self._write_masks(sequence, frames.size, found)
            record = _record(sequence, found)
            record["worst"] = self._write_worst(sequence, frames, found)
        self.ledger.picture(_course_chart(name, record), "plots", f"{name}.png")
        shown = len(found.corrected) + len(found.objects)
        prompted = self.settings.pointing.init != "mask"
        return {**record, **costs, "prompt_ms": pointing_meter.record(shown)["wall_ms"] if prompted else None}

    def _segmenter(self) -> Any:
        if self.settings.pointing.init == "mask":
            return None
        settings = self.settings
        return self.plugins.create("segmenter", settings.segmenter, settings.segmenter_options, self.runtime)

    def _write_masks(self, sequence: DavisSequence, size: tuple[int, int], found: Followed) -> None:
        """Write the result files that DAVIS's server and tools read: palette PNGs named as the annotations."""
        palette = davis_palette()
        for index, path in enumerate(sequence.truths):
            labels = found.label_map(index, size).labels
            write_png(self.ledger.file("masks", sequence.name, path.name), labels.astype(np.uint8), palette)

    def _write_worst(self, sequence: DavisSequence, frames: FrameSequence, found: Followed) -> list[dict[str, Any]]:
        """Write a picture of each of the worst frames; return their numbers and mean J."""
        by_frame = _mean_by_frame([one.j for one in found.objects.values()])
        inside = [value if index in counted(len(by_frame)) else None for index, value in enumerate(by_frame)]
        worst = []
        for index in sheets.worst_apart(inside, WORST_OF_SEQUENCE):
            labels = found.label_map(index, frames.size).labels
            picture = sheets.marked(frames[index].rgb8, labels, sequence.labels(index))
            name = f"{sequence.name}-{index:05d}.png"
            self.ledger.picture(picture, "worst", name)
            worst.append({"frame": index, "value": by_frame[index], "file": name})
        return worst


def _record(sequence: DavisSequence, found: Followed) -> Record:
    objects = {}
    for object_id, one in found.objects.items():
        objects[str(object_id)] = {"j": one.j, "f": one.f, "scores": one.scores}
    return {
        "sequence": sequence.name,
        "frames": len(sequence),
        "objects": objects,
        "rounds": found.rounds,
        "refined": found.refined,
        "corrected": [{"object": object_id, "frame": index} for object_id, index in found.corrected],
        "given_up": [{"object": object_id, "frame": index} for object_id, index in found.given_up],
    }


def _mean_by_frame(lists: Sequence[Sequence[float | None]]) -> list[float | None]:
    return [mean_of(values) for values in zip(*lists, strict=True)]


def _course_chart(name: str, record: Record) -> sheets.Picture:
    objects = record["objects"].values()
    lines = {key.upper(): _mean_by_frame([one[key] for one in objects]) for key in ("j", "f")}
    lines["score"] = _mean_by_frame([one["scores"] for one in objects])
    return line_chart(f"{name}: J, F and the tracker's own score", lines, low=0.0, high=1.0)


def _told(ledger: Ledger, records: Mapping[str, Record]) -> Evaluation:
    """Make the tables, charts and sheet of all sequences."""
    objects = [row for record in records.values() for row in _object_rows(record)]
    rows = [_sequence_row(record) for record in records.values()]
    rows.append(_mean_row(rows, objects, records))
    write_csv(ledger.file("tracking.csv"), rows)
    write_csv(ledger.file("objects.csv"), objects)
    write_csv(ledger.file("frames.csv"), [row for record in records.values() for row in _frame_rows(record)])
    bars = {str(row["sequence"]): _number(row["j_and_f"]) for row in rows}
    ledger.picture(bar_chart("J&F", bars, high=1.0), "plots", "sequences.png")
    rounds = [mean_of(values) for values in zip(*(record["rounds"] for record in records.values()), strict=False)]
    if len(rounds) > 1:
        chart = line_chart("mean J&F after each correction", {"J&F": rounds}, across="corrections", low=0.0, high=1.0)
        ledger.picture(chart, "plots", "corrections.png")
    sheet = sheets.contact_sheet(_worst_tiles(ledger, records))
    if sheet is not None:
        ledger.picture(sheet, "worst.png")
    notes = [f"result masks: {ledger.folder / 'masks'}"]
    if len(rounds) > 1:
        steps = ", ".join("-" if value is None else f"{100 * value:.1f}" for value in rounds)
        notes.append(f"mean J&F of the sequences after each correction: {steps}")
    return Evaluation(ledger.folder, COLUMNS, rows, notes)


def _worst_tiles(ledger: Ledger, records: Mapping[str, Record]) -> list[tuple[Path, str]]:
    worst = sorted(
        (one["value"], name, one["frame"], one["file"]) for name, record in records.items() for one in record["worst"]
    )
    return [
        (ledger.folder / "worst" / file, f"{name}, frame {frame}: J {100 * value:.1f}")
        for value, name, frame, file in worst[:WORST_OF_ALL]
    ]


def _object_rows(record: Record) -> list[dict[str, Value]]:
    """Return a row for each object: the unit that DAVIS averages over."""
    rows: list[dict[str, Value]] = []
    for object_id, one in record["objects"].items():
        inside = counted(record["frames"])
        row: dict[str, Value] = {"sequence": record["sequence"], "object": int(object_id)}
        means = []
        for key in ("j", "f"):
            values = [one[key][index] for index in inside if one[key][index] is not None]
            course = course_of(values)
            row |= _named(key, course)
            means.append(course.mean)
        row["j_and_f"] = sum(means) / 2
        row["first_iou"] = one["j"][0]
        rows.append(row)
    return rows


def _named(key: str, course: Course) -> dict[str, Value]:
    return {key: course.mean, f"{key}_recall": course.recall, f"{key}_decay": course.decay}


_FIGURES = ("j_and_f", "j", "j_recall", "j_decay", "f", "f_recall", "f_decay", "first_iou")
_COSTS = ("prompt_ms", "wall_ms", "cpu_ms", "peak_mib")


def _sequence_row(record: Record) -> dict[str, Value]:
    objects = _object_rows(record)
    row: dict[str, Value] = {"sequence": record["sequence"], "objects": len(objects)}
    row |= {key: mean_of([one[key] for one in objects]) for key in _FIGURES}
    row["auroc"] = _auroc([record])
    row["refined"] = record["refined"]
    row |= {key: record[key] for key in _COSTS}
    row["frames"] = record["frames"]
    for number, value in enumerate(record["rounds"]):
        row[f"j_and_f_after_{number}"] = value
    return row


def _mean_row(rows: Sequence[Row], objects: Sequence[Row], records: Mapping[str, Record]) -> dict[str, Value]:
    """Return the last row: figures are means over all objects, as DAVIS 2017 has it; costs over the sequences."""
    row: dict[str, Value] = {"sequence": _MEAN, "objects": len(objects)}
    row |= {key: mean_of([one[key] for one in objects]) for key in _FIGURES}
    row["auroc"] = _auroc(records.values())
    row["refined"] = sum(record["refined"] for record in records.values())
    row |= {key: mean_of([one[key] for one in rows]) for key in _COSTS}
    most = [_number(one["peak_mib"]) for one in rows]
    row["peak_mib"] = max((value for value in most if value is not None), default=None)
    return row


def _auroc(records: Any) -> float:
    """Return how well the scores find tracked masks of an IoU below 0.7, over all frames of `records` together."""
    scores: list[float] = []
    failed: list[bool] = []
    for record in records:
        for one in record["objects"].values():
            for j, score in zip(one["j"], one["scores"], strict=True):
                if j is not None and score is not None:
                    scores.append(score)
                    failed.append(j < FAILED_BELOW)
    return auroc(scores, failed)


def _frame_rows(record: Record) -> list[dict[str, Value]]:
    return [
        {
            "sequence": record["sequence"],
            "frame": index,
            "object": int(object_id),
            "j": one["j"][index],
            "f": one["f"][index],
            "score": one["scores"][index],
        }
        for (object_id, one), index in itertools.product(record["objects"].items(), range(record["frames"]))
    ]


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None
