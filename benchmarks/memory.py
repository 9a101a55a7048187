"""Peak memory of `videdit blur` on a long film of one shot against a short one.

    python benchmarks/memory.py [--frames 300 6000] [--size 1280x720]

Each film is made on the spot, and each run is a process of its own; its peak resident size is what the system says.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

import videdit
from videdit.masks import MaskEntry, PackedMask
from videdit.shots import Shot


def make_film(path: Path, frames: int, width: int, height: int) -> None:
    """Write a film of a texture that pans, in one shot."""
    draw = np.random.default_rng(1)
    coarse = draw.integers(0, 255, (height // 8, width // 8 + 64), dtype=np.uint8)
    ground = np.repeat(np.repeat(coarse, 8, 0), 8, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        chroma = np.full((height // 2, width), 128, np.uint8)
        for index in range(frames):
            shift = index % 500
            planes = np.concatenate([np.ascontiguousarray(ground[:height, shift : shift + width]), chroma])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def prepare(film: Path, work: Path) -> None:
    """Put a mask on every frame, so that the run is about blurring and not about tracking."""
    with videdit.open(film, work) as project:
        count = project.reader.frame_count
        project.set_shots([Shot(0, count, "start")])
        objects, thing = project.objects.with_named("thing")
        project.import_objects(objects)
        mask = np.zeros(project.reader.video.size, bool)
        mask[200:450, 300:600] = True
        packed = PackedMask.pack(mask)
        project.track.put(MaskEntry(thing.object_id, index, packed) for index in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 6000])
    parser.add_argument("--size", default="1280x720")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for frames in arguments.frames:
            film = folder / f"{frames}.mp4"
            make_film(film, frames, width, height)
            prepare(film, folder / f"project{frames}")
            command = [sys.executable, "-m", "videdit", "blur", str(folder / f"project{frames}"), "-q"]
            command += ["-o", str(folder / f"out{frames}.mp4"), "--preset", "ultrafast"]
            code = (
                "import resource, subprocess, sys; "
                "done = subprocess.run(sys.argv[1:]).returncode; "
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done)"
            )
            done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr)
            peaks.append(int(done.stdout.split()[-1]) / 1024)
            print(f"{frames:6d} frames: peak {peaks[-1]:.0f} MiB   {done.stderr.strip().splitlines()[-1]}", flush=True)
    print(f"ratio {peaks[-1] / peaks[0]:.3f}")


if __name__ == "__main__":
    main()
