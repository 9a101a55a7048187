"""Scores, origins, areas and boxes of every mask, as a table: what a person sorts to find frames to look at."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from videdit.errors import OptionError
from videdit.masks.exporting import Exported, Plan, plan_export, whole_file, write_json_array
from videdit.masks.track import MaskTrack
from videdit.objects import Objects
from videdit.progress import Report, silent
from videdit.shots import Shot

_COLUMNS = ("frame", "object_id", "object", "origin", "score", "area_px", "x0", "y0", "x1", "y1", "refinement")


def export_scores(
    track: MaskTrack,
    destination: str | Path,
    *,
    frame_count: int,
    objects: Objects,
    span: Shot | None = None,
    report: Report = silent,
) -> Exported:
    """Write a line for each object on each tracked frame, as CSV or JSON by the file's ending.

    The box is half open and empty (CSV) or null (JSON) where the object is absent. CSV says in a sentence what was
    decided about refining the mask; JSON has all the evidence.

    span: the part of the film to write; all of it if None
    Raises OptionError for another ending.
    """
    path = Path(destination)
    writers = {".csv": _write_csv, ".json": _write_json}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise OptionError(
            "scores are written as CSV or JSON", where=str(path), next_step="end the name in .csv or .json"
        )
    plan = plan_export(track, objects, frame_count, span)
    with whole_file(path) as file:
        write(file, _rows(plan, report))
    return Exported(path, len(plan.tracked_frames()))


def _rows(plan: Plan, report: Report) -> Iterator[dict[str, Any]]:
    names = {one.object_id: one.name for one in plan.objects}
    for index in plan.reported(report):
        for object_id, entry in plan.track.at(index, plan.object_ids).items():
            region = entry.mask.region
            yield {
                "frame": index,
                "object_id": object_id,
                "object": names[object_id],
                "origin": entry.origin,
                "score": entry.score,
                "area_px": entry.mask.area_px,
                "box": None if region.empty else [region.x0, region.y0, region.x1, region.y1],
                "evidence": dict(entry.evidence),
            }


def _write_csv(file: TextIO, rows: Iterator[dict[str, Any]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        facts = [row[name] for name in _COLUMNS[:6]]
        decided = row["evidence"].get("refinement") or {}
        writer.writerow([*facts, *(row["box"] or [""] * 4), decided.get("why", "")])


def _write_json(file: TextIO, rows: Iterator[dict[str, Any]]) -> None:
    write_json_array(file, rows)
    file.write("\n")
