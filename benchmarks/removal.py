"""Remove an object from films of 10 s in full HD and 4K: memory, untouched pixels, and a run that is killed.

    python benchmarks/removal.py CLIP.mp4 [--sizes 1920x1080,3840x2160] [--fps 24] [--filler e2fgvi-random]

CLIP is scaled to each size, to and fro until it is 10 s long, and encoded without loss. A moving disc is the object;
its masks are written into the project, so nothing is tracked. `videdit render` then removes it in a process of its
own. Printed are the peak memory of that process, the time, and:

untouched  how many samples of any plane differ from the source's outside the effect's reach (the output is lossless)
resumed    with --kill: whether a run that was killed after its first chunk (250 frames) and taken up again gives the
           same bytes

The filler `e2fgvi-random` is E2FGVI-HQ with random weights: memory, time and untouched pixels are what they are with
the real ones, the fill is not.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from videdit import open as open_film
from videdit.masks import MaskEntry, PackedMask
from videdit.objects import Objects
from videdit.pipeline.steps import EffectStep
from videdit.shots import Shot

RUN = (
    "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]).returncode; "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done)"
)
LOSSLESS = ["--lossless", "--preset", "ultrafast"]
RANDOM = """
from videdit.hookspecs import hookimpl
from videdit_plugins.e2fgvi.options import E2fgviOptions


def _make(options, runtime):
    import torch
    from videdit_e2fgvi import e2fgvi_hq
    from videdit_plugins.e2fgvi.engine import E2fgviFiller
    from videdit_plugins.e2fgvi.full_size import FullSizeFiller

    torch.manual_seed(0)
    network = e2fgvi_hq().eval().requires_grad_(False)
    seen = runtime.make("filler", "builtin", {"synthesis": False})
    return FullSizeFiller(seen, E2fgviFiller(options, runtime, network))


@hookimpl
def register_fillers(register):
    register("e2fgvi-random", _make, E2fgviOptions)
"""


def to_and_fro(clip: Path) -> Iterator[Any]:
    with av.open(str(clip)) as container:
        frames = [
            frame.to_ndarray(format="rgb24") for frame, _ in zip(container.decode(video=0), range(60), strict=False)
        ]
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    while True:
        for index in order:
            yield frames[index]


def make_film(clip: Path, path: Path, size: tuple[int, int], count: int, fps: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "0", "preset": "ultrafast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for _, rgb in zip(range(count), to_and_fro(clip), strict=False):
            large = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(large, format="rgb24")))
        container.mux(stream.encode())


def disc(index: int, count: int, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    x = int(width * (0.25 + 0.5 * index / count))
    cv2.circle(mask, (x, int(height * 0.55)), height // 8, 1, -1)
    return mask > 0


def prepare(film: Path, folder: Path, size: tuple[int, int], count: int, options: dict[str, Any], quality: str) -> None:
    from dataclasses import replace

    with open_film(film, folder) as project:
        objects, thing = Objects().with_named("disc")
        project.import_objects(objects)
        project.track.put(
            MaskEntry(thing.object_id, index, PackedMask.pack(disc(index, count, size))) for index in range(count)
        )
        project.set_shots([Shot(0, count, "start")])
        project.replace_effects([EffectStep("remove", options)])
        project.decide(replace(project.description, quality=quality))  # type: ignore[arg-type]


def command_for(folder: Path, out: Path) -> list[str]:
    base = [sys.executable, "-m", "videdit", "--plugins-dir", str(folder.parent / "plugins")]
    return [*base, "render", str(folder), "-o", str(out), "-q", *LOSSLESS]


def render(folder: Path, out: Path) -> tuple[float, float, str]:
    """Return seconds, GiB at the peak, and what the run said of the removal."""
    start = time.perf_counter()
    command = [sys.executable, "-c", RUN, *command_for(folder, out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    said = [line for line in done.stderr.splitlines() if line.startswith("remove")]
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 2**20, "\n  ".join(said)


def untouched(film: Path, out: Path, count: int, size: tuple[int, int], reach_px: int) -> str:
    """Compare every plane outside the mask grown by `reach_px`."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    changed, inside = 0, 0
    with av.open(str(film)) as one, av.open(str(out)) as other:
        for index, (a, b) in enumerate(zip(one.decode(video=0), other.decode(video=0), strict=True)):
            touched = cv2.dilate(disc(index, count, size).view(np.uint8), kernel) > 0
            for before, after in zip(_planes(a), _planes(b), strict=True):
                where = cv2.resize(touched.view(np.uint8), before.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
                changed += int(np.count_nonzero((before != after) & ~where))
                inside += int(np.count_nonzero((before != after) & where))
    return f"{changed} samples differ outside, {inside} inside"


def _planes(frame: Any) -> list[np.ndarray]:
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        planes.append(rows[:, : plane.width])
    return planes


def killed_and_resumed(folder: Path, out: Path) -> bool:
    """Render, kill it after its first chunk, and render again; return whether it was killed in time."""
    running = subprocess.Popen(command_for(folder, out), stderr=subprocess.DEVNULL)
    killed = False
    while running.poll() is None and not killed:
        if any((folder / "rendered").glob("*.json")):
            running.kill()
            running.wait()
            killed = True
        time.sleep(0.2)
    out.unlink(missing_ok=True)
    render(folder, out)
    return killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--sizes", default="1920x1080,3840x2160")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--fps", type=int, default=24)
    parser.add_argument("--quality", default="draft", choices=["draft", "standard", "best"])
    parser.add_argument("--filler", default="builtin")
    parser.add_argument(
        "--kill", action="store_true", help="also kill a run after its first chunk and take it up again"
    )
    parser.add_argument(
        "--scratch", type=Path, help="where the films are made; the system's temporary folder by default"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as name:
        folder = Path(name)
        (folder / "plugins").mkdir()
        (folder / "plugins" / "random_weights.py").write_text(RANDOM)
        for text in arguments.sizes.split(","):
            width, height = map(int, text.split("x"))
            size, count = (width, height), round(arguments.seconds * arguments.fps)
            film, work, out = folder / f"{text}.mkv", folder / text, folder / f"{text}.out.mkv"
            make_film(arguments.clip, film, size, count, arguments.fps)
            options = {"filler": arguments.filler, "shadows": False}
            prepare(film, work, size, count, options, arguments.quality)
            seconds, peak, said = render(work, out)
            same = untouched(film, out, count, size, reach_px=round(0.03 * height) + 2)
            print(
                f"{text}, {count} frames, {arguments.quality}, {arguments.filler}: peak {peak:.2f} GiB, {seconds:.0f} s"
            )
            print(f"  {said}\n  {same}", flush=True)
            if arguments.kill:
                again, second = folder / f"{text}.again", folder / f"{text}.again.mkv"
                prepare(film, again, size, count, options, arguments.quality)
                killed = killed_and_resumed(again, second)
                same = "the same bytes" if out.read_bytes() == second.read_bytes() else "OTHER BYTES"
                print(f"  {'killed and taken up again' if killed else 'NOT KILLED IN TIME'}: {same}", flush=True)
            for gone in (film, out):
                gone.unlink()


if __name__ == "__main__":
    main()
