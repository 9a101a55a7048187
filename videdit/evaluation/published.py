"""Evaluate a network's filling exactly as the tables of E2FGVI were made, with the mask files its authors share.

Li, Lu, Qin, Guo and Cheng, "Towards an End-to-End Framework for Flow-Guided Video Inpainting", CVPR 2022, and their
evaluation program: frames and masks at 432x240, the windows of that program, PSNR and SSIM of the whole frame on the
composite before it is rounded, means over all frames of all videos.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.checkpoints import load_state_dict, load_strict
from videdit.errors import OptionError
from videdit.evaluation import sheets
from videdit.evaluation.costs import Meter
from videdit.evaluation.davis import open_davis
from videdit.evaluation.learned_figures import (
    ALEXNET_FILE,
    I3D_FILE,
    LPIPS_FILE,
    Lpips,
    frechet_distance,
    video_features,
)
from videdit.evaluation.ledger import Ledger
from videdit.evaluation.noise_ratio import psnr
from videdit.evaluation.parts import Evaluation, Record, Tick, engine_settings, run_parts, runtime_settings
from videdit.evaluation.similarity import ssim, ssim_map
from videdit.evaluation.tables import Column, Row, Value, mean_of, write_csv
from videdit.filler import Filler
from videdit.frames import ArrayFrames, Mask
from videdit.media import open_video
from videdit.media.from_arrays import write_film
from videdit.plugins import Plugins
from videdit.progress import Report, silent
from videdit.runtime import Runtime
from videdit.shots import Shot

COLUMNS = (
    Column("sequence", "sequence"),
    Column("frames", "frames"),
    Column("psnr", "PSNR", 2),
    Column("ssim", "SSIM", 4),
    Column("lpips", "LPIPS (AlexNet)", 4),
    Column("vfid", "VFID", 3),
    Column("wall_ms", "ms/frame", 0),
    Column("cpu_ms", "CPU ms", 0),
    Column("peak_mib", "MiB", 0),
)
ALL_FRAMES = "all frames"
FRAMES_PER_SECOND = 24
UINT16_CODES = 257
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_DILATIONS = 4
_CAP_DB = 100.0
_SHEET_FRAMES = 4


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What is evaluated.

    masks:  folder with a folder of PNG files for each sequence, a file a frame; not black is missing
    size:   width x height that frames and masks are brought to
    frames: the first so many of each sequence; None takes as many as there are masks
    filler: name of the engine; its option `parity` is set, if it has one
    weights: folder with the files of weights for LPIPS and VFID; what is not there is not measured
    """

    masks: Path
    size: tuple[int, int] = (432, 240)
    frames: int | None = None
    filler: str = "e2fgvi-hq"
    weights: Path | None = None


def evaluate_network(
    folder: str | Path,
    results: str | Path,
    settings: NetworkSettings,
    *,
    plugins: Plugins,
    runtime: Runtime,
    sequences: Sequence[str] = (),
    report: Report = silent,
) -> Evaluation:
    """Fill the shared masks in every sequence, and compare with the untouched frames.

    folder:    the data set, as `open_davis` finds it
    results:   where the table, side-by-side films and the contact sheet go; a run that was stopped goes on there
    sequences: names, lists with commas, or a .json whose keys are names; all that have masks if empty

    Raises OptionError for wrong settings or data, and what the engine raises.
    """
    images = open_davis(folder).images
    names = _names(settings.masks, sequences)
    counts = {name: _frame_count(images, settings, name) for name in names}
    chosen = {**engine_settings(plugins, runtime, {"filler": settings.filler}), **runtime_settings(runtime)}
    looks = _Looks.of(settings.weights)
    kept = {
        "lpips": looks.lpips is not None,
        "vfid": looks.i3d is not None,
        "size": list(settings.size),
        "frames": settings.frames,
        "masks": str(settings.masks.resolve()),
    }
    ledger = Ledger(results, {"evaluation": "network", **kept, **chosen})

    def work(name: str, tick: Tick) -> Record:
        return _evaluated(images / name, counts[name], name, settings, plugins, runtime, ledger, looks, tick)

    return _told(ledger, run_parts(counts, ledger, work, report))


@dataclass(frozen=True, slots=True)
class _Looks:
    """Networks that look at results; None where their files are not there."""

    lpips: Lpips | None
    i3d: Any

    @classmethod
    def of(cls, folder: Path | None) -> _Looks:
        if folder is None:
            return cls(None, None)
        lpips = all((folder / name).is_file() for name in (ALEXNET_FILE, LPIPS_FILE))
        i3d = None
        if (folder / I3D_FILE).is_file():
            from videdit.evaluation.i3d import I3d

            i3d = I3d()
            load_strict(i3d, load_state_dict(folder / I3D_FILE), I3D_FILE)
            i3d.eval().requires_grad_(False)
        return cls(Lpips(folder) if lpips else None, i3d)


def _names(masks: Path, wanted: Sequence[str]) -> list[str]:
    if not masks.is_dir():
        raise OptionError("there is no such folder of masks", where=str(masks))
    there = sorted(path.name for path in masks.iterdir() if path.is_dir())
    names: list[str] = []
    for text in wanted:
        path = Path(text)
        names += list(json.loads(path.read_text("utf-8"))) if path.suffix == ".json" else text.split(",")
    missing = [name for name in names if name not in there]
    if missing or not there:
        raise OptionError(
            f"there are no masks for {missing[0]!r}" if missing else "there are no masks",
            where=str(masks),
            next_step="name the folder that holds a folder of PNG files for each sequence",
        )
    return names or there


def _frame_count(images: Path, settings: NetworkSettings, name: str) -> int:
    if not (images / name).is_dir():
        raise OptionError(f"there is no sequence {name!r}", where=str(images))
    masks, frames = len(list((settings.masks / name).glob("*.png"))), len(list((images / name).iterdir()))
    wanted = masks if settings.frames is None else min(settings.frames, masks)
    if not 0 < wanted <= frames:
        raise OptionError(f"there are {masks} masks for {frames} frames", where=str(settings.masks / name))
    return wanted


def read_frames(folder: Path, count: int, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Read the first frames of a sequence, scaled to `size` (width, height) as Pillow does by itself: bicubic."""
    from PIL import Image

    with open_video(folder) as reader:
        frames = reader.shot_frames(Shot(0, count, "start"))
        return [np.asarray(Image.fromarray(frames[index].rgb8).resize(size)) for index in range(count)]


def read_masks(folder: Path, count: int, size: tuple[int, int]) -> list[Mask]:
    """Read masks: scaled to `size` without smoothing first, then what is not black grown four times by the cross."""
    from PIL import Image

    masks: list[Mask] = []
    for path in sorted(folder.glob("*.png"))[:count]:
        with Image.open(path) as picture:
            grey = np.asarray(picture.resize(size, Image.Resampling.NEAREST).convert("L"))
        masks.append(np.asarray(cv2.dilate((grey > 0).astype(np.uint8), _CROSS, iterations=_DILATIONS)) > 0)
    return masks


def _evaluated(
    folder: Path,
    count: int,
    name: str,
    settings: NetworkSettings,
    plugins: Plugins,
    runtime: Runtime,
    ledger: Ledger,
    looks: _Looks,
    tick: Tick,
) -> Record:
    truth = read_frames(folder, count, settings.size)
    holes = read_masks(settings.masks / name, count, settings.size)
    filler = plugins.create("filler", settings.filler, _options(plugins, settings.filler), runtime)
    meter = Meter(runtime.device)
    composites = _composites(filler, truth, holes, meter, tick)
    record: Record = {"name": name, "psnr": [], "ssim": [], **meter.record(count)}
    for composite, true in zip(composites, truth, strict=True):
        record["psnr"].append(min(_CAP_DB, psnr(composite, true)))
        record["ssim"].append(ssim(ssim_map(composite, true.astype(np.float64))))
    if looks.lpips is not None:
        record["lpips"] = [looks.lpips(one, true) for one, true in zip(composites, truth, strict=True)]
    if looks.i3d is not None:
        made = [composite.astype(np.uint8) for composite in composites]
        record["features"] = [video_features(looks.i3d, some).tolist() for some in (truth, made)]
    _write_pictures(ledger, name, truth, holes, composites)
    return record


def _options(plugins: Plugins, filler: str) -> dict[str, Any]:
    return {"parity": True} if "parity" in plugins.find("filler", filler).options.model_fields else {}


def _composites(
    filler: Filler, truth: Sequence[NDArray[np.uint8]], holes: Sequence[Mask], meter: Meter, tick: Tick
) -> list[NDArray[np.float64]]:
    """Return (H, W, 3) float64 in 0..255 for each frame, not rounded.

    The filler gets frames of 16 bits with the colours of 8, so that it need not round either.
    """
    seen = [
        np.where(hole[..., None], 0, rgb).astype(np.uint16) * UINT16_CODES
        for rgb, hole in zip(truth, holes, strict=True)
    ]
    frames = ArrayFrames(seen)
    with meter.running():
        filler.start(frames, holes)
    made = []
    for index, (rgb, hole) in enumerate(zip(truth, holes, strict=True)):
        with meter.running():
            filled = filler.fill(index)
        composite = rgb.astype(np.float64)
        if filled is not None:
            inside = hole[filled.region.slices]
            composite[filled.region.slices][inside] = filled.rgb[inside] / UINT16_CODES
        made.append(composite)
        tick()
    return made


def _write_pictures(
    ledger: Ledger,
    name: str,
    truth: Sequence[NDArray[np.uint8]],
    holes: Sequence[Mask],
    composites: Sequence[NDArray[np.float64]],
) -> None:
    """Write a film of truth, hole and result side by side, and some of its frames as pictures."""
    rows = [
        sheets.beside(rgb, np.where(hole[..., None], 128, rgb).astype(np.uint8), composite.astype(np.uint8))
        for rgb, hole, composite in zip(truth, holes, composites, strict=True)
    ]
    height, width = rows[0].shape[0] // 2 * 2, rows[0].shape[1] // 2 * 2
    write_film(
        ledger.file("films", f"{name}.mp4"),
        (row[:height, :width] for row in rows),
        frames_per_second=FRAMES_PER_SECOND,
        sound=None,
    )
    for index in sorted({number * (len(rows) - 1) // (_SHEET_FRAMES - 1) for number in range(_SHEET_FRAMES)}):
        ledger.picture(rows[index], "frames", f"{name}-{index:05d}.png")


def _told(ledger: Ledger, records: Mapping[str, Record]) -> Evaluation:
    rows: list[Row] = [
        {
            "sequence": record["name"],
            "frames": len(record["psnr"]),
            "psnr": mean_of(record["psnr"]),
            "ssim": mean_of(record["ssim"]),
            "lpips": mean_of(record.get("lpips", [])),
            **{key: record[key] for key in ("wall_ms", "cpu_ms", "peak_mib")},
        }
        for record in records.values()
    ]
    every = {
        key: [value for one in records.values() for value in one.get(key, [])] for key in ("psnr", "ssim", "lpips")
    }
    last: dict[str, Value] = {"sequence": ALL_FRAMES, "frames": len(every["psnr"])}
    features = [one["features"] for one in records.values() if "features" in one]
    if len(features) > 1:
        real, made = (np.array([one[side] for one in features]) for side in (0, 1))
        last["vfid"] = frechet_distance(real, made)
    rows.append(last | {key: mean_of(some) for key, some in every.items()})
    write_csv(ledger.file("network.csv"), rows)
    write_csv(
        ledger.file("frames.csv"),
        [
            {"sequence": one["name"], "frame": index, "psnr": values[0], "ssim": values[1]}
            for one in records.values()
            for index, values in enumerate(zip(one["psnr"], one["ssim"], strict=True))
        ],
    )
    tiles = [(path, f"{path.stem}: truth, hole, result") for path in sorted((ledger.folder / "frames").glob("*.png"))]
    sheet = sheets.contact_sheet(tiles, columns=1, width_px=3 * sheets.TILE_WIDTH_PX)
    if sheet is not None:
        ledger.picture(sheet, "sheet.png")
    notes = [f'"{ALL_FRAMES}" is the mean over the frames of all sequences, as published tables have it']
    return Evaluation(ledger.folder, COLUMNS, rows, notes)
