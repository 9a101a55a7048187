"""How much slower is videdit than plain decoding and encoding with the same library?

    python benchmarks/transcode.py film.mp4 [film.mp4...] [--repeats 3] [--threads 2]

Each round makes the film with plain PyAV (decode, libx264 preset medium crf 18), then with videdit's transcode, then
with videdit laying a 300x300 region on every frame, in one process, one after the other; the median of the ratios is
printed. A ratio of CPU time is steadier than one of wall time on a busy machine; both are shown.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from videdit.frames import Region
from videdit.media import EncodeSettings, SegmentWriter, VideoReader, join, open_video, transcode
from videdit.media.transcoding import SEGMENT_FRAMES

TARGET = 1.1


def plain(path: Path, out: Path, threads: int) -> None:
    """Decode and encode the picture alone, as short as PyAV allows."""
    with av.open(str(path)) as source, av.open(str(out), "w") as result:
        film = source.streams.video[0]
        film.thread_type = "AUTO"
        options = {"preset": "medium", "crf": "18"}
        stream = result.add_stream("libx264", rate=film.guessed_rate, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = film.width, film.height, film.pix_fmt
        context.time_base, context.thread_count = film.time_base or Fraction(1, 1000), threads
        for frame in source.decode(film):
            frame.pict_type = 0
            result.mux(stream.encode(frame))
        result.mux(stream.encode(None))


def videdit(path: Path, out: Path, threads: int) -> None:
    with open_video(path) as reader:
        transcode(reader, out, EncodeSettings(codec="h264", preset="medium", quality=18, threads=threads))


def laying(path: Path, out: Path, threads: int) -> None:
    """The same with a blurred 300x300 region that wanders over the frames."""
    settings = EncodeSettings(codec="h264", preset="medium", quality=18, threads=threads)
    with open_video(path) as reader, tempfile.TemporaryDirectory() as folder:
        paths = [_segment(reader, Path(folder), start, settings, out) for start in _starts(reader)]
        join(paths, reader, out)


def _starts(reader: VideoReader) -> range:
    return range(0, reader.frame_count, SEGMENT_FRAMES)


def _segment(reader: VideoReader, folder: Path, start: int, settings: EncodeSettings, out: Path) -> Path:
    path = folder / f"{start}.seg"
    alpha = cv2.GaussianBlur(np.pad(np.ones((280, 280), np.float32), 10), (9, 9), 0)
    height, width = reader.video.size
    with SegmentWriter(path, reader.video, settings, out=out) as writer:
        for picture in reader.pictures(start, min(start + SEGMENT_FRAMES, reader.frame_count)):
            x, y = picture.index % (width - 300), picture.index % (height - 300)
            region = Region(x, y, x + 300, y + 300)
            picture.lay(region, cv2.blur(picture.rgb(region), (31, 31)), alpha)
            writer.write(picture)
    return path


def timed(work: Callable[[Path, Path, int], None], path: Path, out: Path, threads: int) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(path, out, threads)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the encoder, for all three alike")
    given = parser.parse_args()
    for path in given.films:
        rounds = {"transcode": [], "lay 300x300": []}  # type: dict[str, list[tuple[float, float]]]
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.mp4"
            for _ in range(given.repeats):
                base = timed(plain, path, out, given.threads)
                for name, work in (("transcode", videdit), ("lay 300x300", laying)):
                    took = timed(work, path, out, given.threads)
                    rounds[name].append((took[0] / base[0], took[1] / base[1]))
        print(f"{path.name}: plain PyAV {base[0]:.1f} s wall, {base[1]:.1f} s CPU in the last round")
        for name, ratios in rounds.items():
            wall = statistics.median(ratio for ratio, _ in ratios)
            cpu = statistics.median(ratio for _, ratio in ratios)
            verdict = (
                "" if name != "transcode" else (" (target met)" if cpu <= TARGET else f" (target {TARGET} missed)")
            )
            print(f"  {name}: {wall:.3f} times the wall time, {cpu:.3f} times the CPU time{verdict}")


if __name__ == "__main__":
    main()
