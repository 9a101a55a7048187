"""Faces against deface, in one run: speed, face area missed, area covered in vain, and faces left open in between.

    python -m benchmarks.faces.run CLIPS WORK [--films dance.mp4:1080,dance.mp4:720,dance.mp4:480,juggle.mp4:720,
                                   dance.mp4:240:dark] [--rounds 2] [--shape exact] [--skip-speed | --skip-coverage]

CLIPS holds dance.mp4 and juggle.mp4, whose boxes in truth.json were drawn by hand. Both programs run as their commands
with default settings (deface: CenterFace at full size on every frame, threshold 0.2, ellipses 1.3 times as wide to each
side; videdit: `videdit faces`), from start to finished file, by turns, since a machine's speed drifts. What deface
covers is computed from its own detector class, with the settings of its command.

In clear footage deface leaves no gaps. `:dark` makes the film as a small camera sees it by night: reduced, at a quarter
of the light, with noise of standard deviation 16 (of 255, seeded). There its detector fails on single frames, and
`between_open` counts, for both, the faces that are open though deface covers them on one of the twelve frames before
and on one of the twelve after. Where they are on those frames its detector tells on the clear film.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np

import videdit
from benchmarks.faces.measures import Box, Mask, coverage, covered_around, ellipse, open_faces, places_of, read_truth
from videdit.detections.steps import SHAPING
from videdit.media import open_video
from videdit.ops import MaskShaping, alpha_of, shape_masks
from videdit.pipeline.shot_masks import ShotMasks, Union
from videdit.shots import Shot

FILMS = "dance.mp4:1080,dance.mp4:720,dance.mp4:480,juggle.mp4:720,dance.mp4:240:dark"
LIGHT, NOISE, SEED = 0.25, 16.0, 1  # of a film in the dark
THRESHOLD, SCALE = 0.2, 1.3  # deface's own
_BIN = Path(sys.executable).parent


def sized(source: Path, height: int, folder: Path, *, dark: bool = False) -> Path:
    """Return the film at that height, and in the dark if wanted: itself, or a copy of high quality."""
    with open_video(source) as reader:
        full_height, full_width = reader.video.size
    if full_height == height and not dark:
        return source
    out = folder / f"{source.stem}_{height}{'_dark' if dark else ''}.mp4"
    if out.exists():
        return out
    width = round(full_width * height / full_height / 2) * 2
    random = np.random.default_rng(SEED)
    with av.open(str(source)) as film, av.open(str(out), "w") as result:
        stream = film.streams.video[0]
        options = {"crf": "12", "preset": "veryfast"}
        encoder = result.add_stream("libx264", rate=stream.guessed_rate, options=options)
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        for frame in film.decode(stream):
            if dark:
                rgb = LIGHT * frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
                noisy = np.clip(np.rint(rgb + random.normal(0, NOISE, rgb.shape)), 0, 255).astype(np.uint8)
                small = av.VideoFrame.from_ndarray(noisy, format="rgb24").reformat(format="yuv420p")
                small.pts, small.time_base = frame.pts, frame.time_base
            else:
                small = frame.reformat(width=width, height=height, format="yuv420p")
            small.pict_type = 0
            result.mux(encoder.encode(small))
        result.mux(encoder.encode(None))
    return out


def timed(command: list[str], cores: int) -> tuple[float, float]:
    """Run a command on that many cores; return its wall time and CPU time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": str(cores)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    wall = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-400:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(film: Path, frames: int, folder: Path, rounds: int, shape: str) -> dict[str, float]:
    """Let both make their film by turns; return frames per second, by wall clock and by CPU time."""
    cores = len(os.sched_getaffinity(0))
    commands = {
        "deface": [_tool("deface"), str(film), "-o", str(folder / "deface.mp4")],
        "videdit": [
            _tool("videdit"),
            "faces",
            str(film),
            "-o",
            str(folder / "videdit.mp4"),
            "--overwrite",
            "-q",
            "--shape",
            shape,
        ],
    }
    walls: dict[str, list[float]] = {name: [] for name in commands}
    cpus: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            wall, cpu = timed(command, cores)
            walls[name].append(wall)
            cpus[name].append(cpu)
    figures = {}
    for name in commands:
        figures[f"{name}_fps"] = round(frames / statistics.median(walls[name]), 2)
        figures[f"{name}_cpu_ms"] = round(1000 * statistics.median(cpus[name]) / frames, 1)
    figures["times_as_fast"] = round(statistics.median(walls["deface"]) / statistics.median(walls["videdit"]), 2)
    figures["times_less_cpu"] = round(statistics.median(cpus["deface"]) / statistics.median(cpus["videdit"]), 2)
    return figures


def _tool(name: str) -> str:
    beside = _BIN / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed")
    return found


def boxes_of_deface(film: Path, folder: Path) -> dict[int, list[Box]]:
    """Return what deface finds on every frame; kept in the folder, since it takes its time."""
    kept = folder / f"{film.stem}_deface.json"
    if not kept.exists():
        from deface.centerface import CenterFace

        detector = CenterFace(backend="opencv")
        rows = {}
        with open_video(film) as reader:
            for picture in reader.pictures():
                found, _ = detector(picture.rgb(max_bits=8), threshold=THRESHOLD)
                rows[picture.index] = [[float(value) for value in row[:4]] for row in found]
        kept.write_text(json.dumps(rows))
    return {
        int(index): [(x0, y0, x1, y1) for x0, y0, x1, y1 in rows]
        for index, rows in json.loads(kept.read_text()).items()
    }


def measure(film: Path, clear: Path, name: str, height: int, folder: Path, shape: str) -> dict[str, float]:
    """Return what both cover. clear: the film undisturbed, of the same size."""
    found = boxes_of_deface(film, folder)
    with videdit.open(film, folder / f"{film.stem}.project") as project:
        size = project.reader.video.size
        project.replace_detections([videdit.DetectionStep(follow={"shape": shape})])
        project.found()
        ids = [one.object_id for one in project.objects]
        whole = Shot(0, project.reader.frame_count)
        # As `videdit faces` shapes them.
        shaping = MaskShaping.model_validate({**SHAPING, "feather": "0.5%"})
        shaped = shape_masks(Union(ShotMasks(project.track, ids, whole, size)), whole, shaping)

        @functools.lru_cache(maxsize=4)
        def ours(index: int) -> Mask:
            return alpha_of(shaped[index], shaping) >= 0.5

        @functools.lru_cache(maxsize=4)
        def theirs(index: int) -> Mask:
            # deface grows a box by 0.3 of its sides to each side, and covers the ellipse in it.
            masks = [ellipse(box, size, 1 + 2 * (SCALE - 1)) for box in found[index]]
            return np.logical_or.reduce([np.zeros(size, bool), *masks])

        truth = read_truth(name, height)
        places = places_of(truth, boxes_of_deface(clear, folder))
        open_of = {"deface": open_faces(places, size, theirs), "videdit": open_faces(places, size, ours)}
        between = covered_around(places, open_of["deface"])
        figures: dict[str, float] = {}
        for who, covered in (("deface", theirs), ("videdit", ours)):
            result = coverage(truth, size, covered)
            figures |= {
                f"{who}_missed_percent": round(100 * result.missed, 2),
                f"{who}_in_vain_percent": round(100 * result.in_vain, 1),
                f"{who}_faces_open": result.open,
            }
        return figures | {
            "faces": sum(len(boxes) for boxes in truth.values()),
            "faces_between": len(between),
            **{f"{who}_between_open": len(left_open & between) for who, left_open in open_of.items()},
        }


def main() -> None:
    """Print one line of JSON for each film and height."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--films", default=FILMS)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", default="ellipse", help="of what videdit covers: ellipse, box or exact")
    parser.add_argument("--skip-speed", action="store_true")
    parser.add_argument("--skip-coverage", action="store_true")
    arguments = parser.parse_args()
    for pair in arguments.films.split(","):
        name, height, *light = pair.split(":")
        folder = arguments.work / "_".join([Path(name).stem, height, *light])
        folder.mkdir(parents=True, exist_ok=True)
        clear = sized(arguments.clips / name, int(height), folder)
        film = sized(arguments.clips / name, int(height), folder, dark=True) if light == ["dark"] else clear
        with open_video(film) as reader:
            frames = reader.frame_count
        row: dict[str, object] = {"film": " ".join([name, *light]), "height": int(height), "frames": frames}
        if not arguments.skip_coverage:
            row |= measure(film, clear, name, int(height), folder, arguments.shape)
        if not arguments.skip_speed:
            row |= speed(film, frames, folder, arguments.rounds, arguments.shape)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
