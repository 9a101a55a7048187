"""Blur of a given mask track, end to end, against plain decode and re-encode of the same film by PyAV, in one run.

    python benchmarks/blur_speed.py FILM [--rounds 3] [--frames 300]

Both sides: libx264, preset medium, crf 18, every frame decoded and encoded, no stream copy. The two take turns, and
the ratio of the medians is printed, because a machine's speed drifts. The mask is an ellipse over the middle of the
picture, about a ninth of its area, that wanders.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

import videdit
from videdit.masks import MaskEntry, PackedMask
from videdit.media import EncodeSettings
from videdit.shots import Shot

QUALITY, PRESET = 18, "medium"


def plain(film: Path, out: Path) -> None:
    """Decode and re-encode the picture, and nothing else."""
    with av.open(str(film)) as source, av.open(str(out), "w") as result:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        encoder = result.add_stream(
            "libx264", rate=stream.guessed_rate, options={"preset": PRESET, "crf": str(QUALITY)}
        )
        encoder.width, encoder.height = stream.codec_context.width, stream.codec_context.height
        encoder.pix_fmt = stream.codec_context.pix_fmt
        encoder.time_base = stream.time_base
        encoder.codec_context.time_base = stream.time_base
        for frame in source.decode(stream):
            frame.pict_type = 0
            result.mux(encoder.encode(frame))
        result.mux(encoder.encode(None))


def ellipse(size: tuple[int, int], index: int) -> np.ndarray:
    height, width = size
    mask = np.zeros(size, np.uint8)
    center = round(width * (0.5 + 0.2 * np.sin(index / 40))), round(height * (0.5 + 0.1 * np.cos(index / 25)))
    cv2.ellipse(mask, center, (round(width * 0.19), round(height * 0.19)), 0, 0, 360, 1, -1)
    return mask.astype(bool)


def blurred(film: Path, out: Path, work: Path, *, effect: bool) -> None:
    """Render with a mask track that is given, or with no effect at all."""
    with videdit.open(film, work) as project:
        count = project.reader.frame_count
        project.set_shots([Shot(0, count, "start")])
        if effect:
            objects, thing = project.objects.with_named("thing")
            project.import_objects(objects)
            size = project.reader.video.size
            project.track.put(
                MaskEntry(thing.object_id, index, PackedMask.pack(ellipse(size, index))) for index in range(count)
            )
            project.effect("blur")
        began = time.perf_counter()
        project.save(out, settings=EncodeSettings(codec="h264", quality=QUALITY, preset=PRESET))
        blurred.seconds = time.perf_counter() - began  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {"plain PyAV": [], "videdit, no effect": [], "videdit, blur": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for turn in range(arguments.rounds + 1):
            began = time.perf_counter()
            plain(arguments.film, folder / "plain.mp4")
            taken = [time.perf_counter() - began]
            for effect in (False, True):
                blurred(arguments.film, folder / "out.mp4", folder / f"{turn}{effect}", effect=effect)
                taken.append(blurred.seconds)  # type: ignore[attr-defined]
            if turn:  # the first round warms caches and compilers
                for figures, value in zip(seconds.values(), taken, strict=True):
                    figures.append(value)
    base = statistics.median(seconds["plain PyAV"])
    for label, figures in seconds.items():
        median = statistics.median(figures)
        print(
            f"{label:20} {median:7.2f} s   ratio {median / base:.3f}   ({', '.join(f'{one:.2f}' for one in figures)})"
        )


if __name__ == "__main__":
    main()
