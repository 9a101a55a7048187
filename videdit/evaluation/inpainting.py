"""Evaluate filling where the truth is known: holes laid over untouched sequences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from videdit.errors import OptionError
from videdit.evaluation import sheets
from videdit.evaluation.costs import Meter
from videdit.evaluation.davis import Davis, DavisSequence, chosen_names, open_davis
from videdit.evaluation.filling import PLACES, Filling, fill_sequence
from videdit.evaluation.holes import (
    HOLE_KINDS,
    HoleKind,
    ObjectHoles,
    StationaryHoles,
    donor_of,
    own_object,
)
from videdit.evaluation.ledger import Ledger
from videdit.evaluation.parts import Evaluation, Record, Tick, engine_settings, run_parts, runtime_settings
from videdit.evaluation.plots import bar_chart, line_chart
from videdit.evaluation.similarity import WINDOW_PX
from videdit.evaluation.sized_frames import SizedFrames
from videdit.evaluation.tables import Column, Row, Value, mean_of, write_csv
from videdit.filler import MaskSequence
from videdit.media import open_video
from videdit.plugins import AUTO, Plugins
from videdit.progress import Report, silent
from videdit.runtime import Runtime
from videdit.shots import Shot

FULL = "full"
SIZES = ("432x240", FULL)
COLUMNS = (
    Column("sequence", "sequence"),
    Column("size", "size"),
    Column("holes", "holes"),
    Column("psnr_frame", "PSNR frame", 2),
    Column("psnr_hole", "hole", 2),
    Column("psnr_background", "bg", 2),
    Column("ssim_frame", "SSIM frame", 4),
    Column("ssim_hole", "hole", 4),
    Column("ssim_background", "bg", 4),
    Column("warp_frame", "E x1000 frame", 2, 1000),
    Column("warp_hole", "hole", 2, 1000),
    Column("warp_background", "bg", 2, 1000),
    Column("warp_true", "hole's truth", 2, 1000),
    Column("made_up", "made up %", 1, 100),
    Column("wall_ms", "ms/frame", 0),
    Column("cpu_ms", "CPU ms", 0),
    Column("peak_mib", "MiB", 0),
)
FIGURES = (*(f"{figure}_{place}" for figure in ("psnr", "ssim", "warp") for place in PLACES), "warp_true")
_COSTS = ("wall_ms", "cpu_ms", "peak_mib")
WORST_OF_SEQUENCE = 2
WORST_OF_ALL = 8
ALL_FRAMES, MEAN = "all frames", "mean"


@dataclass(frozen=True, slots=True)
class InpaintingSettings:
    """What is evaluated.

    sizes:  "full", or width x height such as "432x240"
    holes:  "stationary", drawn ones that stand still; "object", another sequence's object
    seed:   of the drawn holes
    frames: the first so many of each sequence; None takes all
    filler: name of the engine
    """

    sizes: tuple[str, ...] = SIZES
    holes: tuple[HoleKind, ...] = HOLE_KINDS
    seed: int = 0
    frames: int | None = None
    filler: str = AUTO


@dataclass(frozen=True, slots=True)
class _Part:
    """One sequence at one size with holes of one kind."""

    name: str
    size: str
    holes: HoleKind

    @property
    def title(self) -> str:
        return f"{self.name}-{self.size}-{self.holes}"


def evaluate_inpainting(
    folder: str | Path,
    results: str | Path,
    settings: InpaintingSettings,
    *,
    plugins: Plugins,
    runtime: Runtime,
    sequences: Sequence[str] = (),
    report: Report = silent,
) -> Evaluation:
    """Fill holes in every sequence, and compare with the untouched frames.

    folder:    the data set, as `open_davis` finds it
    results:   where tables, plots and contact sheets go; a run that was stopped goes on there
    sequences: names; all if empty. Whose object becomes whose hole does not depend on the choice.

    Raises OptionError for wrong settings or data, and what the engine raises.
    """
    davis = open_davis(folder)
    opened = {name: davis.sequence(name, settings.frames) for name in chosen_names(davis, sequences)}
    for size in settings.sizes:
        read_size(size)
    chosen = {**engine_settings(plugins, runtime, {"filler": settings.filler}), **runtime_settings(runtime)}
    kept = {key: value for key, value in asdict(settings).items() if key not in ("sizes", "holes", "filler")}
    ledger = Ledger(results, {"evaluation": "inpainting", **kept, **chosen})
    parts = {
        part.title: part
        for size in settings.sizes
        for holes in settings.holes
        for part in (_Part(name, size, holes) for name in opened)
    }
    job = _Job(ledger, settings, davis, plugins, runtime, opened, parts)
    records = run_parts({title: len(opened[part.name]) for title, part in parts.items()}, ledger, job.run, report)
    return _told(ledger, records)


def read_size(text: str) -> tuple[int, int] | None:
    """Return height and width of "432x240"; None for "full". Raises OptionError for anything else, or too small."""
    if text == FULL:
        return None
    width, _, height = text.partition("x")
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise OptionError(f"{text!r} is no size", next_step="write WIDTHxHEIGHT, such as 432x240, or full")
    if min(int(width), int(height)) < WINDOW_PX:
        raise OptionError(f"{text} is too small: SSIM looks at windows of {WINDOW_PX} px")
    return int(height), int(width)


@dataclass(frozen=True, slots=True)
class _Job:
    ledger: Ledger
    settings: InpaintingSettings
    davis: Davis
    plugins: Plugins
    runtime: Runtime
    sequences: Mapping[str, DavisSequence]
    parts: Mapping[str, _Part]

    def run(self, title: str, tick: Tick) -> Record:
        """Fill one part, write its pictures, and return its figures."""
        part = self.parts[title]
        sequence = self.sequences[part.name]
        with open_video(sequence.folder) as reader:
            full = reader.shot_frames(Shot(0, len(sequence), "start"))
            size = read_size(part.size) or full.size
            if min(size) < WINDOW_PX:
                raise OptionError(f"the frames are smaller than SSIM's windows of {WINDOW_PX} px", where=part.name)
            truth = SizedFrames(full, size)
            meter = Meter(self.runtime.device)
            found = fill_sequence(
                self.plugins.create("filler", self.settings.filler, None, self.runtime),
                truth,
                self._holes(part, size, len(sequence)),
                lambda index: own_object(sequence, index, size),
                meter=meter,
                tick=tick,
                keep_worst=WORST_OF_SEQUENCE,
            )
        record = {**asdict(part), "frames": found.figures, "made_up": found.made_up, **meter.record(len(sequence))}
        record["worst"] = self._write_worst(title, found)
        lines = {place: found.figures[f"psnr_{place}"] for place in PLACES}
        self.ledger.picture(line_chart(f"{title}: PSNR in dB", lines), "plots", f"{title}.png")
        return record

    def _holes(self, part: _Part, size: tuple[int, int], frame_count: int) -> MaskSequence:
        if part.holes == "stationary":
            return StationaryHoles(size, frame_count, self.settings.seed, part.name)
        donor, mirrored = donor_of(part.name, self.davis.names)
        return ObjectHoles(self.davis.sequence(donor), size, frame_count, mirrored=mirrored)

    def _write_worst(self, title: str, found: Filling) -> list[dict[str, Any]]:
        worst = []
        for one in found.worst:
            name = f"{title}-{one.index:05d}.png"
            self.ledger.picture(sheets.beside(*one.pictures), "worst", name)
            worst.append({"frame": one.index, "value": -one.badness, "file": name})
        return worst


def _told(ledger: Ledger, records: Mapping[str, Record]) -> Evaluation:
    """Make the tables, charts and sheets; each size and kind of hole has means of its own."""
    rows: list[Row] = []
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records.values():
        groups.setdefault((record["size"], record["holes"]), []).append(record)
    for (size, holes), group in groups.items():
        own_rows = [_row(record) for record in group]
        means = [_frames_row(group), _mean_row(own_rows)]
        rows += [*own_rows, *({**mean, "size": size, "holes": holes} for mean in means)]
        bars = {str(row["sequence"]): _number(row["psnr_background"]) for row in own_rows}
        chart = bar_chart(f"PSNR behind the hole, dB: {size}, {holes} holes", bars)
        ledger.picture(chart, "plots", f"sequences-{size}-{holes}.png")
        sheet = sheets.contact_sheet(_worst_tiles(ledger, group), columns=1, width_px=3 * sheets.TILE_WIDTH_PX)
        if sheet is not None:
            ledger.picture(sheet, f"worst-{size}-{holes}.png")
    write_csv(ledger.file("inpainting.csv"), rows)
    write_csv(ledger.file("frames.csv"), [row for record in records.values() for row in _frame_rows(record)])
    notes = [
        f'"{MEAN}" is the mean of the sequences, "{ALL_FRAMES}" that of all their frames',
        "E is taken along DIS flow; published tables took FlowNet2's",
    ]
    return Evaluation(ledger.folder, COLUMNS, rows, notes)


def _row(record: Record) -> dict[str, Value]:
    row: dict[str, Value] = {"sequence": record["name"], "size": record["size"], "holes": record["holes"]}
    row |= {key: mean_of(record["frames"][key]) for key in FIGURES}
    return row | {key: record[key] for key in ("made_up", *_COSTS)}


def _frames_row(group: Sequence[Record]) -> dict[str, Value]:
    """Return the mean of the figures over the frames of all sequences, as tables of the field have them."""
    row: dict[str, Value] = {"sequence": ALL_FRAMES}
    return row | {key: mean_of([value for one in group for value in one["frames"][key]]) for key in FIGURES}


def _mean_row(rows: Sequence[Row]) -> dict[str, Value]:
    row: dict[str, Value] = {"sequence": MEAN}
    row |= {key: mean_of([one[key] for one in rows]) for key in (*FIGURES, "made_up", *_COSTS)}
    most = [value for value in (_number(one["peak_mib"]) for one in rows) if value is not None]
    row["peak_mib"] = max(most, default=None)
    return row


def _frame_rows(record: Record) -> list[dict[str, Value]]:
    base: dict[str, Value] = {"sequence": record["name"], "size": record["size"], "holes": record["holes"]}
    count = len(record["frames"]["psnr_frame"])
    return [
        {**base, "frame": index, **{key: record["frames"][key][index] for key in FIGURES}} for index in range(count)
    ]


def _worst_tiles(ledger: Ledger, group: Sequence[Record]) -> list[tuple[Path, str]]:
    worst = sorted(
        (one["value"], record["name"], one["frame"], one["file"]) for record in group for one in record["worst"]
    )
    return [
        (ledger.folder / "worst" / file, f"{name}, frame {frame}: {value:.1f} dB; truth, hole, result")
        for value, name, frame, file in worst[:WORST_OF_ALL]
    ]


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None
