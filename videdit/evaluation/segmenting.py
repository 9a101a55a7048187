"""Evaluate segmenting on DAVIS: the IoU of a box, and of clicks as a person would make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from videdit.errors import OptionError
from videdit.evaluation import sheets
from videdit.evaluation.clicks import Robot
from videdit.evaluation.costs import Meter
from videdit.evaluation.davis import DavisSequence, chosen_names, open_davis
from videdit.evaluation.ledger import Ledger
from videdit.evaluation.parts import Evaluation, Record, Tick, engine_settings, run_parts, runtime_settings
from videdit.evaluation.plots import line_chart
from videdit.evaluation.prompted import Pointing, answer_box, answer_clicks
from videdit.evaluation.regions import jaccard
from videdit.evaluation.tables import Column, Row, Value, mean_of, write_csv
from videdit.frames import FrameSequence, Mask
from videdit.media import open_video
from videdit.plugins import AUTO, Plugins
from videdit.progress import Report, silent
from videdit.runtime import Runtime
from videdit.segmenter import Segmenter
from videdit.shots import Shot

WORST_OF_ALL = 12
_COSTS = ("wall_ms", "cpu_ms", "peak_mib")


@dataclass(frozen=True, slots=True)
class SegmentingSettings:
    """What is evaluated.

    clicks:     1 to this many
    robot:      where clicks fall
    one_object: take all objects of a sequence together for one
    segmenter:  name of the engine
    segmenter_options: what is set on it
    """

    clicks: int = 5
    robot: Robot = "largest"
    one_object: bool = False
    segmenter: str = AUTO
    segmenter_options: Mapping[str, Any] = field(default_factory=dict)


def evaluate_segmenting(
    folder: str | Path,
    results: str | Path,
    settings: SegmentingSettings,
    *,
    plugins: Plugins,
    runtime: Runtime,
    sequences: Sequence[str] = (),
    report: Report = silent,
) -> Evaluation:
    """Segment the objects on the first and the middle frame of every sequence, by a box and by 1, 2... clicks.

    Each object and frame begins anew with a segmenter of its own. Where nothing is left to correct, the IoU of the
    last answer stands for the clicks that were not needed. Means are over objects and frames.
    """
    if settings.clicks < 1:
        raise OptionError("at least one click is needed")
    davis = open_davis(folder)
    opened = {name: davis.sequence(name, one_object=settings.one_object) for name in chosen_names(davis, sequences)}
    engine = engine_settings(
        plugins, runtime, {"segmenter": settings.segmenter}, {"segmenter": settings.segmenter_options}
    )
    chosen = {**engine, **runtime_settings(runtime)}
    ledger = Ledger(results, {"evaluation": "segmenting", **asdict(settings), **chosen})
    job = _Job(ledger, settings, plugins, runtime, opened)
    weights = {name: 2 * len(one.object_ids) for name, one in opened.items()}
    records = run_parts(weights, ledger, job.run, report)
    return _told(ledger, settings, records)


@dataclass(frozen=True, slots=True)
class _Job:
    ledger: Ledger
    settings: SegmentingSettings
    plugins: Plugins
    runtime: Runtime
    sequences: Mapping[str, DavisSequence]

    def run(self, name: str, tick: Tick) -> Record:
        """Segment one sequence's two frames, write pictures of the first clicks' answers, return the figures."""
        sequence = self.sequences[name]
        cases: list[Record] = []
        with open_video(sequence.folder) as reader:
            frames = reader.shot_frames(Shot(0, len(sequence), "start"))
            for index in sorted({0, len(sequence) // 2}):
                if not sequence.truths[index].is_file():
                    continue
                for object_id in sequence.object_ids:
                    truth = sequence.mask(index, object_id)
                    if truth.any():
                        cases.append(self._case(name, frames, index, object_id, truth))
                    tick()
        return {"cases": cases}

    def _case(self, name: str, frames: FrameSequence, index: int, object_id: int, truth: Mask) -> Record:
        meter = Meter(self.runtime.device)
        box_answer = answer_box(self._segmenter(), frames, index, truth, meter)
        segmenter = self._segmenter()
        pointing = Pointing("click", self.settings.clicks, self.settings.robot)
        answers = list(answer_clicks(segmenter, frames, index, truth, meter, pointing=pointing))
        iou = [jaccard(answer.mask, truth) for answer in answers]
        scores = [answer.score for answer in answers]
        file = f"{name}-{index:05d}-{object_id}.png"
        first = answers[0].mask.astype(np.int32) * object_id
        self.ledger.picture(sheets.marked(frames[index].rgb8, first, truth.astype(np.int32)), "first", file)
        return {
            "sequence": name,
            "frame": index,
            "object": object_id,
            "box": jaccard(box_answer.mask, truth),
            "box_score": box_answer.score,
            "iou": iou + [iou[-1]] * (self.settings.clicks - len(iou)),
            "scores": scores + [scores[-1]] * (self.settings.clicks - len(scores)),
            "file": file,
            **meter.record(1 + len(answers)),
        }

    def _segmenter(self) -> Segmenter:
        settings = self.settings
        made: Segmenter = self.plugins.create("segmenter", settings.segmenter, settings.segmenter_options, self.runtime)
        return made


def _told(ledger: Ledger, settings: SegmentingSettings, records: Mapping[str, Record]) -> Evaluation:
    cases = [case for record in records.values() for case in record["cases"]]
    clicks = [f"clicks_{number}" for number in range(1, settings.clicks + 1)]
    rows: list[Row] = [_row(case, clicks) for case in cases]
    figures = ("box", *clicks)
    mean: dict[str, Value] = {"name": "mean"}
    mean |= {key: mean_of([row[key] for row in rows]) for key in (*figures, *_COSTS)}
    mean["peak_mib"] = max((float(case["peak_mib"]) for case in cases if case["peak_mib"] is not None), default=None)
    lines = {"IoU": [mean_of([row[key] for row in rows]) for key in clicks]}
    chart = line_chart("mean IoU by number of clicks", lines, across="clicks", low=0.0, high=1.0, first=1)
    ledger.picture(chart, "plots", "clicks.png")
    rows.append(mean)
    write_csv(ledger.file("segmenting.csv"), rows)
    sheet = sheets.contact_sheet(_worst_tiles(ledger, cases))
    if sheet is not None:
        ledger.picture(sheet, "worst.png")
    columns = (
        Column("name", "frame"),
        Column("box", "box", 1, 100),
        *(Column(key, key.removeprefix("clicks_"), 1, 100) for key in clicks),
        Column("wall_ms", "ms/answer", 0),
        Column("cpu_ms", "CPU ms", 0),
        Column("peak_mib", "MiB", 0),
    )
    return Evaluation(ledger.folder, columns, rows)


def _row(case: Record, clicks: Sequence[str]) -> dict[str, Value]:
    row: dict[str, Value] = {"name": f"{case['sequence']}@{case['frame']}, {case['object']}", "box": case["box"]}
    row |= dict(zip(clicks, case["iou"], strict=True))
    return row | {key: case[key] for key in _COSTS}


def _worst_tiles(ledger: Ledger, cases: Sequence[Any]) -> list[tuple[Path, str]]:
    worst = sorted((case["iou"][0], case["file"]) for case in cases)
    return [
        (ledger.folder / "first" / file, f"{Path(file).stem}: one click, IoU {100 * value:.1f}")
        for value, file in worst[:WORST_OF_ALL]
    ]
