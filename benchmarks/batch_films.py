"""Long films of many shots, put together from DAVIS and clips, with sound, and prompts from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.media import open_video
from videdit.media.from_arrays import write_film

SAMPLES_PER_SECOND = 16_000


@dataclass(frozen=True)
class Made:
    """A film with its truth: the first frames of its shots, and a pipeline that points at the object in each."""

    path: Path
    pipeline: Path
    starts: list[int]
    frames: int


def make(
    data: Path,
    folder: Path,
    *,
    shots: int,
    frames_a_shot: int,
    frames_per_second: int,
    width: int,
    effect: str,
    clips: bool = False,
) -> Made:
    """Write the film, a mask for the first frame of each shot, and the pipeline; nothing is made that is there.

    effect: of the pipeline; "faces" blurs faces and points at nothing
    clips:  take clips too, which have no truth: nothing is pointed at in their shots
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((data / "davis" / "JPEGImages" / "480p").iterdir())
    sources += sorted((data / "clips").glob("*.mp4")) if clips else []
    height = round(width * 9 / 16 / 2) * 2
    takes = [(sources[number % len(sources)], number // len(sources)) for number in range(shots)]
    starts = [number * frames_a_shot for number in range(shots)]
    path, pipeline = folder / "film.mp4", folder / f"{effect}.toml"
    if not path.exists():
        total = shots * frames_a_shot
        pictures = (picture for take in takes for picture in _take(*take, frames_a_shot, (width, height)))
        write_film(
            path, pictures, frames_per_second=frames_per_second, sound=_sound(total / frames_per_second),
            samples_per_second=SAMPLES_PER_SECOND,
        )  # fmt: skip
    if effect == "faces":
        pipeline.write_text('[[detections]]\nfind = "faces"\n\n[[effects]]\nname = "blur"\n', encoding="utf-8")
        return Made(path, pipeline, starts, shots * frames_a_shot)
    lines = []
    for (source, variant), start in zip(takes, starts, strict=True):
        if source.is_file():
            continue
        mask = folder / f"mask{start:05d}.png"
        cv2.imwrite(str(mask), _mask(data, source, variant, frames_a_shot, (width, height)))
        lines.append(f'[[prompts]]\nkind = "mask"\nobject = "thing"\nat = {start}\npath = "{mask.name}"\n')
    pipeline.write_text("\n".join(lines) + f'\n[[effects]]\nname = "{effect}"\n', encoding="utf-8")
    return Made(path, pipeline, starts, shots * frames_a_shot)


def _order(count: int, variant: int, wanted: int) -> list[int]:
    """Return which frames of a sequence are shown: there and back again as often as it takes, or from its end."""
    there = [*range(count), *range(count - 2, 0, -1)]
    order = [there[number % len(there)] for number in range(wanted)]
    return [count - 1 - number for number in order] if variant & 2 else order


def _framed(picture: NDArray[np.uint8], variant: int, size: tuple[int, int], method: int) -> NDArray[np.uint8]:
    """Mirror, and cut the middle out, as the variant has it."""
    if variant & 1:
        picture = picture[:, ::-1]
    if variant & 4:
        height, width = picture.shape[:2]
        picture = picture[height // 12 : -height // 12, width // 12 : -width // 12]
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=method), np.uint8)


def _take(source: Path, variant: int, wanted: int, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    files = sorted(source.glob("*.jpg"))
    with ExitStack() as stack:
        count, reader = len(files), None
        if not files:
            reader = stack.enter_context(open_video(source))
            count = reader.frame_count
        order = _order(count, variant, wanted)
        first, last = min(order), max(order)
        if reader is None:
            pictures = [_read(file) for file in files[first : last + 1]]
        else:
            pictures = [one.to_small_frame(2 * size[0]).rgb8 for one in reader.pictures(first, last + 1)]
    for number in order:
        yield _framed(pictures[number - first], variant, size, cv2.INTER_AREA)


def _read(file: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imread(str(file))), cv2.COLOR_BGR2RGB), np.uint8)


def _mask(data: Path, sequence: Path, variant: int, wanted: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    files = sorted((data / "davis" / "Annotations" / "480p" / sequence.name).glob("*.png"))
    first = _order(len(files), variant, wanted)[0]
    truth = np.asarray(cv2.imread(str(files[first]), cv2.IMREAD_GRAYSCALE))
    return _framed(np.where(truth > 0, 255, 0).astype(np.uint8), variant, size, cv2.INTER_NEAREST)


def _sound(seconds: float) -> NDArray[np.float32]:
    """Return two voices that wander, so that no second sounds like another."""
    at = np.arange(round(seconds * SAMPLES_PER_SECOND), dtype=np.float64) / SAMPLES_PER_SECOND
    voices = [0.2 * np.sin(2 * np.pi * (tone * at + 9 * np.sin(at / slow))) for tone, slow in ((220, 3.1), (331, 4.7))]
    return np.stack(voices, axis=1).astype(np.float32)
