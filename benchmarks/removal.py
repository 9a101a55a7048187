"""Remove an object from films of 10 s in full HD and 4K: memory, untouched pixels, and a run that is killed.

    python benchmarks/removal.py CLIP.mp4 [--sizes 1920x1080,3840x2160] [--fps 24] [--filler e2fgvi-random]

CLIP is scaled to each size, to and fro until it is 10 s long, and encoded without loss. A moving disc is the object;
its masks are written into the project, so nothing is tracked. `videdit render` then removes it in a process of its
own. Printed are the peak memory of that process, its processor time, and:

untouched  how many samples of any plane differ from the source's outside the effect's reach (the output is lossless)
resumed    with --kill: whether a second run gives the same bytes, which begins with what lay in the project's folder
           when the first had written its first chunk, is killed in the middle of the next, and is taken up again

The filler `e2fgvi-random` is `e2fgvi-hq` with a file of random weights under the official names: memory, time
and untouched pixels are what they are with the real ones, the fill is not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import torch

from videdit import open as open_film
from videdit.masks import MaskEntry, PackedMask
from videdit.objects import Objects
from videdit.pipeline.steps import EffectStep
from videdit.shots import Shot

RUN = (
    "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]).returncode; "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(used.ru_maxrss, used.ru_utime + used.ru_stime); sys.exit(done)"
)
START = (
    "import runpy; from videdit.pipeline import render; render.CHUNK_FRAMES = {chunk}; "
    "runpy.run_module('videdit', run_name='__main__')"
)
LOSSLESS = ["--lossless", "--preset", "ultrafast"]
RANDOM = """
from dataclasses import replace
from pathlib import Path

from videdit.hookspecs import hookimpl
from videdit_plugins import e2fgvi
from videdit_plugins.e2fgvi.options import E2fgviOptions


def _make(options, runtime):
    return e2fgvi.make_filler("e2fgvi-hq", options, replace(runtime, find_checkpoint=lambda name: Path({path!r})))


@hookimpl
def register_fillers(register):
    register("e2fgvi-random", _make, E2fgviOptions)
"""


def write_random_weights(path: Path) -> None:
    """Write a file with the names and shapes of the published one, and numbers that mean nothing."""
    from videdit_e2fgvi import e2fgvi_hq

    torch.manual_seed(0)
    torch.save(e2fgvi_hq().state_dict(), path)


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


@dataclass(frozen=True, slots=True)
class Disc:
    """The object: of a quarter of the height, moving by `travel` times the width over the film."""

    count: int
    size: tuple[int, int]
    travel: float

    def mask(self, index: int) -> np.ndarray:
        """Return (H, W) bool of one frame."""
        width, height = self.size
        mask = np.zeros((height, width), np.uint8)
        x = int(width * (0.5 + self.travel * (index / self.count - 0.5)))
        cv2.circle(mask, (x, int(height * 0.55)), height // 8, 1, -1)
        return mask > 0


def prepare(film: Path, folder: Path, disc: Disc, options: dict[str, Any], quality: str) -> None:
    from dataclasses import replace

    with open_film(film, folder) as project:
        objects, thing = Objects().with_named("disc")
        project.import_objects(objects)
        project.track.put(
            MaskEntry(thing.object_id, index, PackedMask.pack(disc.mask(index))) for index in range(disc.count)
        )
        project.set_shots([Shot(0, disc.count, "start")])
        project.replace_effects([EffectStep("remove", options)])
        project.decide(replace(project.description, quality=quality))  # type: ignore[arg-type]


def command_for(folder: Path, out: Path, chunk: int) -> list[str]:
    base = [sys.executable, "-c", START.format(chunk=chunk), "--plugins-dir", str(folder.parent / "plugins")]
    return [*base, "render", str(folder), "-o", str(out), "-q", *LOSSLESS]


def render(folder: Path, out: Path, chunk: int, as_left: Path | None = None) -> tuple[float, float, str]:
    """Return seconds of processor time, GiB at the peak, and what the run said of the removal.

    as_left: where the folder is copied to as it stands when the first chunk is there
    """
    command = [sys.executable, "-c", RUN, *command_for(folder, out, chunk)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if as_left is not None:
        wait_for(running, folder / "rendered", "*.json", more_than=0)
        shutil.copytree(folder, as_left)
    told, said = running.communicate()
    if running.returncode:
        sys.exit(said)
    kibibytes, seconds = told.split()[-2:]
    lines = [line for line in said.splitlines() if line.startswith("remove")]
    return float(seconds), int(kibibytes) / 2**20, "\n  ".join(lines)


def wait_for(running: subprocess.Popen[Any], folder: Path, pattern: str, more_than: int) -> None:
    while running.poll() is None and len(list(folder.glob(pattern))) <= more_than:
        time.sleep(0.2)


def untouched(film: Path, out: Path, disc: Disc, reach_px: int) -> str:
    """Compare every plane outside the mask grown by `reach_px`."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    changed, inside = 0, 0
    with av.open(str(film)) as one, av.open(str(out)) as other:
        for index, (a, b) in enumerate(zip(one.decode(video=0), other.decode(video=0), strict=True)):
            touched = cv2.dilate(disc.mask(index).view(np.uint8), kernel) > 0
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


def killed_and_resumed(folder: Path, out: Path, chunk: int) -> bool:
    """Go on in a folder that holds some chunks, be killed in the next one, and go on; return whether it was killed."""
    held = len(list((folder / "rendered").iterdir()))
    running = subprocess.Popen(command_for(folder, out, chunk), stderr=subprocess.DEVNULL)
    wait_for(running, folder / "rendered", "*", more_than=held)
    killed = running.poll() is None
    running.kill()
    running.wait()
    out.unlink(missing_ok=True)
    render(folder, out, chunk)
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
        "--travel", type=float, default=0.5, help="of the width; at 0.02 nothing shows what lies behind its middle"
    )
    parser.add_argument("--chunk", type=int, default=250, help="frames that are rendered and kept at a time")
    parser.add_argument("--kill", action="store_true", help="also kill a run and take it up again")
    parser.add_argument(
        "--scratch", type=Path, help="where the films are made; the system's temporary folder by default"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as name:
        folder = Path(name)
        (folder / "plugins").mkdir()
        weights = folder / "weights.pth"
        write_random_weights(weights)
        (folder / "plugins" / "random_weights.py").write_text(RANDOM.format(path=str(weights)))
        for text in arguments.sizes.split(","):
            width, height = map(int, text.split("x"))
            size, count = (width, height), round(arguments.seconds * arguments.fps)
            disc = Disc(count, size, arguments.travel)
            film, work, out = folder / f"{text}.mkv", folder / text, folder / f"{text}.out.mkv"
            make_film(arguments.clip, film, size, count, arguments.fps)
            options = {"filler": arguments.filler, "shadows": False}
            prepare(film, work, disc, options, arguments.quality)
            again, second = folder / f"{text}.again", folder / f"{text}.again.mkv"
            seconds, peak, said = render(work, out, arguments.chunk, again if arguments.kill else None)
            same = untouched(film, out, disc, reach_px=round(0.03 * height) + 2)
            print(
                f"{text}, {count} frames, {arguments.quality}, {arguments.filler}: peak {peak:.2f} GiB, "
                f"{seconds / count:.2f} CPU s a frame"
            )
            print(f"  {said}\n  {same}", flush=True)
            if arguments.kill:
                killed = killed_and_resumed(again, second, arguments.chunk)
                same = "the same bytes" if out.read_bytes() == second.read_bytes() else "OTHER BYTES"
                print(f"  {'killed and taken up again' if killed else 'NOT KILLED IN TIME'}: {same}", flush=True)
            for gone in (film, out):
                gone.unlink()


if __name__ == "__main__":
    main()
