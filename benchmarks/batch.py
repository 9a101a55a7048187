"""Whole films: what `videdit batch` makes of many shots, killed and resumed, in processes and on Ray.

    python benchmarks/batch.py faces DATA_DIR OUT_DIR      ten minutes, 60 shots, 24 frames a second, 640x360: every
                                                           face blurred; time, memory, drift, sound, cuts
    python benchmarks/batch.py blur DATA_DIR OUT_DIR       ten minutes, 60 shots, 3 frames a second, 160x90: what is
                                                           pointed at blurred; the same
    python benchmarks/batch.py remove DATA_DIR OUT_DIR     90 seconds, 60 shots, draft: the same
    python benchmarks/batch.py killed DATA_DIR OUT_DIR     the remove, killed at random ten times and resumed
    python benchmarks/batch.py executors DATA_DIR OUT_DIR  the remove in processes, and on a Ray cluster of this machine

`killed` and `executors` compare with what `remove` made, so that comes first. Each film is put together from DAVIS
and clips under DATA_DIR, with synthesised sound; each run is `videdit batch` in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
from batch_films import Made, make

from videdit.masks import MaskTrack
from videdit.media import open_video
from videdit.shot_lists import read_shots

FILMS: dict[str, dict[str, Any]] = {
    "faces": {
        "shots": 60,
        "frames_a_shot": 240,
        "frames_per_second": 24,
        "width": 640,
        "effect": "faces",
        "clips": True,
    },
    "blur": {"shots": 60, "frames_a_shot": 30, "frames_per_second": 3, "width": 160, "effect": "blur"},
    "remove": {"shots": 60, "frames_a_shot": 8, "frames_per_second": 5, "width": 160, "effect": "remove"},
}
COMMON = ["--quality", "draft", "--device", "cpu", "--preset", "veryfast", "--json", "-q"]


def command(made: Made, work: Path, *more: str) -> list[str]:
    """Return the command that edits a film."""
    return [
        sys.executable, "-m", "videdit", "batch", str(made.path), "--pipeline", str(made.pipeline), "--work", str(work),
        *COMMON, *more,
    ]  # fmt: skip


def run(made: Made, work: Path, *more: str) -> dict[str, Any]:
    """Edit a film; return what the command tells, with the seconds it took."""
    began = time.monotonic()
    done = subprocess.run(command(made, work, *more), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)[0]
    return {**told, "seconds": time.monotonic() - began}


def outcomes(work: Path) -> list[dict[str, Any]]:
    """Return the records of all jobs."""
    return [json.loads(path.read_text())["outcome"] for path in sorted(work.glob("film/jobs/*/result.json"))]


def hashes(work: Path) -> dict[str, str]:
    """Return job -> hash of its segment, and the finished film's."""
    found = {path.parent.name: digest(path) for path in sorted(work.glob("film/jobs/*/film.segment"))}
    return found | {"film": digest(work / "finished" / "film.mp4")}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packets(path: Path) -> tuple[list[tuple[int | None, bytes]], list[float]]:
    """Return the sound packets, and the times of the pictures, read without videdit."""
    with av.open(str(path)) as container:
        sound = [(one.pts, bytes(one)) for one in container.demux(container.streams.audio[0]) if one.size]
    with av.open(str(path)) as container:
        video = container.demux(container.streams.video[0])
        times = sorted(float(one.pts * one.time_base) for one in video if one.size and one.pts is not None)
    return sound, times


def check_film(made: Made, out: Path) -> str:
    """Compare a finished film with its source."""
    (sound, times), (sound_made, times_made) = packets(made.path), packets(out)
    drift = float(np.abs(np.array(times) - times_made).max()) if len(times) == len(times_made) else float("nan")
    same = sum(one == other for one, other in zip(sound, sound_made, strict=False))
    return (
        f"frames {len(times_made)} of {len(times)}, drift {drift:.6f} s; "
        f"sound packets identical {same} of {len(sound)} ({len(sound_made)} there)"
    )


def check_cuts(made: Made, work: Path) -> str:
    """Say whether masks cross a true cut: whether a job's range holds one, and masks lie on both of its sides."""
    with open_video(made.path) as reader:
        shots = read_shots(work / "film" / "shots.json", frame_count=reader.frame_count)
        size = reader.video.size
    found = {shot.start for shot in shots}
    missed = [start for start in made.starts if start not in found]
    false = sorted(found - set(made.starts))
    crossing = masks = 0
    with MaskTrack.open(work / "film" / "tracks.sqlite", size=size, create=False) as track:
        for object_id in track.object_ids():
            frames = set(track.frames(object_id))
            masks += len(frames)
            crossing += sum(start in frames and start - 1 in frames for start in missed)
    return f"cuts {len(made.starts)}, found {len(found & set(made.starts))}, false {false}, missed {missed}; " + (
        f"{masks} masks, cuts crossed by them {crossing}"
    )


def tell(made: Made, work: Path, told: dict[str, Any]) -> None:
    jobs = outcomes(work)
    peaks: dict[str, int] = {}
    for one in jobs:
        peaks[one["process"]] = max(peaks.get(one["process"], 0), one["peak_bytes"])
    work_seconds = sum(sum(one["seconds"].values()) for one in jobs)
    print(
        f"  {told['seconds']:.0f} s, {len(jobs)} jobs of {work_seconds / len(jobs):.2f} s, {told['reused_jobs']} reused"
    )
    each = " ".join(f"{peak / 2**20:.0f}" for peak in peaks.values())
    print(f"  peak RSS: parent {told['peak_bytes'] / 2**20:.0f} MiB, workers {each} MiB")
    print(f"  {check_film(made, Path(told['output']))}")
    print(f"  {check_cuts(made, work)}")
    print(f"  report: {told['report']}", flush=True)


def plain(name: str, made: Made, out: Path, executor: list[str]) -> None:
    """Edit a film from scratch."""
    work = out / name
    shutil.rmtree(work, ignore_errors=True)
    print(f"{name}: {made.frames} frames, {len(made.starts)} shots, {made.path.stat().st_size / 2**20:.0f} MiB")
    tell(made, work, run(made, work, *executor))


def killed(made: Made, out: Path, executor: list[str], times: int, longest: float, seed: int) -> None:
    """Kill the run at random, resume it, again and again, and compare with one that was left alone."""
    work = out / "killed"
    shutil.rmtree(work, ignore_errors=True)
    draw = random.Random(seed)
    process: subprocess.Popen[bytes] | None = None
    counts = dict.fromkeys(("all processes", "the parent", "a worker"), 0)
    while sum(counts.values()) < times:
        before, more, wait = len(outcomes(work)), draw.randint(0, 5), draw.uniform(0, longest)
        if process is None:
            process = subprocess.Popen(
                command(made, work, *executor), start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        # Some kills fall while the film is still looked through for shots, most while jobs are done.
        while process.poll() is None and len(outcomes(work)) < before + more:
            time.sleep(0.2)
        time.sleep(wait)
        if process.poll() is not None:
            print(f"  finished before it was to be killed, after {sum(counts.values())} kills", flush=True)
            break
        whom = list(counts)[sum(counts.values()) % 3]
        if whom == "a worker" and not (workers := workers_of(process.pid)):
            continue
        if whom == "all processes":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            # A parent that is killed alone leaves workers that have to notice; a worker, a run that has to go on.
            os.kill(process.pid if whom == "the parent" else draw.choice(workers), signal.SIGKILL)
        if whom != "a worker":
            process.wait()
            process = None
        counts[whom] += 1
        done = len(outcomes(work))
        print(f"  kill {sum(counts.values())}, {whom}, {wait:.1f} s after job {before + more}: {done} done", flush=True)
    if process is not None:
        process.wait()
    told = run(made, work, *executor)
    tell(made, work, told)
    mine, theirs = hashes(work), hashes(out / "remove")
    same = sum(theirs.get(name) == value for name, value in mine.items())
    killed = ", ".join(f"{whom} {count} times" for whom, count in counts.items())
    print(f"killed: {killed}; {same} of {len(theirs)} hashes equal to the uninterrupted run ({len(mine)} there)")


def workers_of(parent: int) -> list[int]:
    """Return the numbers of the processes in which a run does its jobs. Linux only."""
    found = []
    for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes():
                found.append(int(number))
    return found


def executors(made: Made, out: Path, workers: str) -> None:
    """A third of the film in processes and on Ray: hashes, and what each job costs beside its own work."""
    theirs, before = hashes(out / "remove"), {}
    for name in ("processes", "ray"):
        work = out / f"executor-{name}"
        shutil.rmtree(work, ignore_errors=True)
        more = ["--executor", name, "-j", workers, "--shots", "1-20"]
        told = run(made, work, *more)
        jobs = outcomes(work)
        inside = sum(sum(one["seconds"].values()) for one in jobs)
        # One more run finds all done: start, planning and joining, without workers.
        rest = run(made, work, *more)["seconds"]
        over = (told["seconds"] - rest) * int(workers) - inside
        mine = hashes(work)
        known = mine.keys() & theirs.keys() - {"film"}
        same = sum(mine[key] == theirs[key] for key in known)
        both = sum(mine[key] == value for key, value in before.items())
        print(
            f"{name}: {told['seconds']:.1f} s, {inside:.1f} s of work in {len(jobs)} jobs; beside it "
            f"{over / len(jobs):.2f} worker seconds a job, starting the workers included; "
            f"{same} of {len(known)} edited shots as in the whole film; "
            f"{both} of {len(before)} hashes as in the run before",
            flush=True,
        )
        before = mine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["faces", "blur", "remove", "killed", "executors"])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, help="of the film, in pixels")
    parser.add_argument("--frames-a-shot", type=int)
    parser.add_argument("--frames-per-second", type=int)
    parser.add_argument("--workers", default="2")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest-seconds", type=float, default=2.0, help="a kill comes within this time after a job")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    film = arguments.what if arguments.what in FILMS else "remove"
    given = {name: getattr(arguments, name) for name in ("width", "frames_a_shot", "frames_per_second")}
    recipe = FILMS[film] | {name: value for name, value in given.items() if value is not None}
    facts = [str(recipe[name]) for name in ("effect", "width", "shots", "frames_a_shot", "frames_per_second")]
    made = make(arguments.data, arguments.out / f"film-{'-'.join(facts)}", **recipe)
    executor = ["--executor", "processes", "-j", arguments.workers]
    if arguments.what == "killed":
        killed(made, arguments.out, executor, arguments.kills, arguments.longest_seconds, arguments.seed)
    elif arguments.what == "executors":
        executors(made, arguments.out, arguments.workers)
    else:
        plain(film, made, arguments.out, executor)


if __name__ == "__main__":
    main()
