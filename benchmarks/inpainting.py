"""Measure fillers where the truth is known: holes of one sequence laid over another one.

    python benchmarks/inpainting.py DATA_DIR [--sequences dog,camel] [--frames 50] [--size 432x240] [--methods builtin]

DATA_DIR holds JPEGImages/480p/<sequence>/*.jpg and Annotations/480p/<sequence>/*.png. Sequence number n gets the
object masks of number n + 7 (of all there are, in alphabetical order), to and fro if they are fewer, dilated four times
by the 3x3 cross. The untouched frame is the truth.

frame, hole: PSNR in dB of all pixels and of the hole's
bg:          PSNR of the hole less the sequence's own object (annotation dilated 6), on frames with more than 80 such
             pixels; this is what removal means
E:           mean squared difference x1000 in the hole between a filled frame and the next one warped to it along the
             optical flow of the truth, colours in [0, 1]; E true is that of the truth itself
sharp:       gradient energy of the fill over that of the truth
ms:          processor time and wall-clock time per frame; MiB: peak memory of the process so far

Methods: telea, flow, any plug-in's filler, and `seen+X`: the built-in filler's true pixels, with X for what no frame
shows: truth, grey, telea, or any filler. So seen+truth is the most that a network could bring to it.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.filler import Filled, Filler, MaskSequence
from videdit.frames import ArrayFrames, FrameSequence, Mask, Region
from videdit.ops import optical_flow, warp
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit_plugins.e2fgvi.full_size import FullSizeFiller

SHIFT = 7
HOLE_DILATIONS = 4
OBJECT_DILATIONS = 6
LEAST_BACKGROUND_PX = 80
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
Picture = NDArray[np.uint8]


class Telea(Filler):
    """Each frame on its own, by fast marching."""

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        if not hole.any():
            return None
        rgb = cv2.inpaint(self._frames[index].rgb, hole.view(np.uint8), 3, cv2.INPAINT_TELEA)
        return Filled(Region.whole(self._frames.size), np.asarray(rgb), np.where(hole, -1, index).astype(np.int32))


class FlowPropagation(Filler):
    """Pixels followed from frame to frame along optical flow until the hole is left, forwards and backwards.

    The flow inside a hole is the smooth continuation of the flow around it. The plain method of the field, without
    camera motion, candidates or seams.
    """

    REACH = 30

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes
        self._flows: dict[tuple[int, int], NDArray[np.float32]] = {}

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        if not hole.any():
            return None
        total = np.zeros((*hole.shape, 3), np.float32)
        weight = np.zeros(hole.shape, np.float32)
        for step in (-1, 1):
            for distance, rgb, found in self._followed(index, step):
                total[found] += rgb[found] / distance**2
                weight[found] += 1 / distance**2
        frame = self._frames[index].rgb.copy()
        known = hole & (weight > 0)
        frame[known] = np.rint(total[known] / weight[known][:, None])
        left = hole & ~known
        rgb = cv2.inpaint(frame, left.view(np.uint8), 3, cv2.INPAINT_TELEA)
        return Filled(Region.whole(self._frames.size), np.asarray(rgb), np.where(hole, -1, index).astype(np.int32))

    def _followed(self, index: int, step: int) -> Iterator[tuple[int, NDArray[np.float32], Mask]]:
        wanted = self._holes[index].copy()
        total = np.zeros((*wanted.shape, 2), np.float32)
        height, width = wanted.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        for distance in range(1, self.REACH + 1):
            here, there = index + step * (distance - 1), index + step * distance
            if there not in self._frames.shot or not wanted.any():
                return
            total = total + warp(self._flow(here, there), total)
            places = x + total[..., 0], y + total[..., 1]
            inside = (places[0] >= 0) & (places[1] >= 0) & (places[0] < width) & (places[1] < height)
            hidden = warp(self._holes[there].astype(np.float32), total) > 0.01
            found = wanted & inside & ~hidden
            yield distance, warp(self._frames[there].rgb, total).astype(np.float32), found
            wanted &= inside & ~found

    def _flow(self, a: int, b: int) -> NDArray[np.float32]:
        if (a, b) not in self._flows:
            flow = optical_flow(self._frames[a].rgb, self._frames[b].rgb)
            unknown = self._holes[a] | self._holes[b]
            known = ~cv2.dilate(unknown.view(np.uint8), CROSS, iterations=6).view(np.bool_)
            self._flows[a, b] = _continued(flow, known)
            if len(self._flows) > 4 * self.REACH:
                self._flows.pop(next(iter(self._flows)))
        return self._flows[a, b]


def _continued(flow: NDArray[np.float32], known: Mask) -> NDArray[np.float32]:
    """Extend flow over unknown places: blurs of growing width, the finest that reaches a pixel counts."""
    result, done = flow * known[..., None], known.copy()
    for sigma in (4, 8, 16, 32, 64, 128):
        share = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma)
        spread = cv2.GaussianBlur(flow * known[..., None], (0, 0), sigma) / np.maximum(share, 1e-6)[..., None]
        new = ~done & (share > 0.02)
        result[new] = spread[new]
        done |= new
    return result


@dataclass(slots=True)
class Sample:
    """One sequence: true frames, holes laid on it, and its own object's annotation."""

    name: str
    truth: list[Picture]
    holes: list[Mask]
    own: list[Mask]


def load(data: Path, name: str, masks_of: str, count: int, size: tuple[int, int]) -> Sample:
    """Read the frames of one sequence and the masks of two, all resized to (width, height)."""
    paths = sorted((data / "JPEGImages" / "480p" / name).glob("*.jpg"))[:count]
    truth = [
        cv2.resize(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), size, interpolation=cv2.INTER_AREA)
        for path in paths
    ]
    foreign = _masks(data, masks_of, size, HOLE_DILATIONS)
    to_and_fro = [*foreign, *foreign[-2:0:-1]]
    holes = [to_and_fro[number % len(to_and_fro)] for number in range(len(paths))]
    return Sample(name, truth, holes, _masks(data, name, size, OBJECT_DILATIONS)[: len(paths)])


def _masks(data: Path, name: str, size: tuple[int, int], dilations: int) -> list[Mask]:
    masks = []
    for path in sorted((data / "Annotations" / "480p" / name).glob("*.png")):
        flags = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 127).astype(np.uint8)
        small = cv2.resize(flags, size, interpolation=cv2.INTER_NEAREST)
        masks.append(cv2.dilate(small, CROSS, iterations=dilations) > 0)
    return masks


@dataclass(slots=True)
class Figures:
    """Means over a sequence; see the top of the file."""

    frame: float
    hole: float
    bg: float
    e: float
    e_true: float
    sharp: float
    made_up: float
    cpu_ms: float
    wall_ms: float
    mib: float
    filled: list[Picture] = field(default_factory=list, repr=False)


def measure(filler: Filler, sample: Sample) -> Figures:
    """Fill every frame of a sample and compare with the truth."""
    filler.start(
        ArrayFrames([np.where(h[..., None], 0, t) for h, t in zip(sample.holes, sample.truth, strict=True)]),
        sample.holes,
    )
    filled, made_up, area = [], 0, 0
    cpu, wall = time.process_time(), time.perf_counter()
    for index, truth in enumerate(sample.truth):
        picture = truth.copy()
        answer = filler.fill(index)
        if answer is not None:
            picture[answer.region.slices] = answer.rgb
            made_up += np.count_nonzero(answer.origin == -1)
            area += np.count_nonzero(sample.holes[index])
        filled.append(picture)
    spent = 1000 * (time.process_time() - cpu) / len(filled), 1000 * (time.perf_counter() - wall) / len(filled)
    background = [
        _psnr(a, b, hole & ~own)
        for a, b, hole, own in zip(filled, sample.truth, sample.holes, sample.own, strict=True)
        if np.count_nonzero(hole & ~own) > LEAST_BACKGROUND_PX
    ]
    holes = [(a, b, h) for a, b, h in zip(filled, sample.truth, sample.holes, strict=True) if h.any()]
    e, e_true = _warp_errors(sample, filled)
    return Figures(
        frame=float(np.mean([_psnr(a, b, None) for a, b, _ in holes])),
        hole=float(np.mean([_psnr(a, b, h) for a, b, h in holes])),
        bg=float(np.mean(background)) if background else float("nan"),
        e=e,
        e_true=e_true,
        sharp=float(np.mean([_energy(a, h) / max(1e-9, _energy(b, h)) for a, b, h in holes])),
        made_up=made_up / max(1, area),
        cpu_ms=spent[0],
        wall_ms=spent[1],
        mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        filled=filled,
    )


def _psnr(result: Picture, truth: Picture, where: Mask | None) -> float:
    difference = result.astype(np.float64) - truth
    error = np.mean(np.square(difference if where is None else difference[where]))
    return float(10 * np.log10(255**2 / max(error, 1e-4)))


def _energy(picture: Picture, where: Mask) -> float:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = cv2.erode(where.view(np.uint8), CROSS) > 0
    return float(
        (np.square(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.square(cv2.Sobel(grey, cv2.CV_32F, 0, 1)))[inner].sum()
    )


def _warp_errors(sample: Sample, filled: Sequence[Picture]) -> tuple[float, float]:
    """Return the warp error of the fill and of the truth on the hole, x1000."""
    errors = []
    for index in range(len(filled) - 1):
        hole = sample.holes[index]
        ahead = optical_flow(sample.truth[index], sample.truth[index + 1])
        back = warp(optical_flow(sample.truth[index + 1], sample.truth[index]), ahead)
        lengths = np.square(ahead).sum(axis=2) + np.square(back).sum(axis=2)
        good = hole & (np.square(ahead + back).sum(axis=2) < 0.01 * lengths + 0.5)
        if not good.any():
            continue
        pairs = ((filled[index], filled[index + 1]), (sample.truth[index], sample.truth[index + 1]))
        errors.append([np.mean(np.square((a.astype(np.float32) - warp(b, ahead))[good] / 255)) for a, b in pairs])
    means = np.mean(errors, axis=0) * 1000 if errors else (float("nan"), float("nan"))
    return float(means[0]), float(means[1])


class Truth(Filler):
    """Fills with the truth."""

    def __init__(self, truth: Sequence[Picture]) -> None:
        self._truth = truth

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        rgb = np.where(hole[..., None], self._truth[index], self._frames[index].rgb)
        return Filled(Region.whole(self._frames.size), rgb, np.where(hole, -1, index).astype(np.int32))


def make(method: str, quality: str, truth: Sequence[Picture]) -> Filler:
    """Return a filler: a baseline of this file, or a plug-in's by its name."""
    if method.startswith("seen+"):
        return FullSizeFiller(make("builtin", quality, truth), make(method.removeprefix("seen+"), quality, truth))
    if method in ("truth", "grey"):
        return Truth(truth if method == "truth" else [np.full_like(one, 128) for one in truth])
    if method == "telea":
        return Telea()
    if method == "flow":
        return FlowPropagation()
    plugins = Plugins()
    made: Filler = plugins.create("filler", method, {}, plugins.runtime(Runtime(quality=quality)))  # type: ignore[arg-type]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--size", default="432x240")
    parser.add_argument("--methods", default="telea,flow,builtin")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--pictures", type=Path, help="write truth, hole and fills of every tenth frame there")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    names = sorted(path.name for path in (arguments.data / "Annotations" / "480p").iterdir())
    wanted = [name for name in arguments.sequences.split(",") if name] or names
    shown = [one.name for one in fields(Figures) if one.name != "filled"]
    print(f"{'sequence':16}{'method':10}" + "".join(f"{name:>9}" for name in shown))
    rows: dict[str, list[list[float]]] = {}
    for name in wanted:
        sample = load(
            arguments.data, name, names[(names.index(name) + SHIFT) % len(names)], arguments.frames, (width, height)
        )
        for method in arguments.methods.split(","):
            figures = measure(make(method, arguments.quality, sample.truth), sample)
            row = [getattr(figures, column) for column in shown]
            rows.setdefault(method, []).append(row)
            print(f"{name:16}{method:10}" + "".join(f"{value:9.2f}" for value in row), flush=True)
            if arguments.pictures:
                _write(arguments.pictures, sample, method, figures.filled)
    for method, all_rows in rows.items():
        print(f"{'mean':16}{method:10}" + "".join(f"{value:9.2f}" for value in np.nanmean(all_rows, axis=0)))


def _write(folder: Path, sample: Sample, method: str, filled: Sequence[Picture]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(0, len(filled), 10):
        holed = np.where(sample.holes[index][..., None], 128, sample.truth[index]).astype(np.uint8)
        sheet = np.hstack([sample.truth[index], holed, filled[index]])
        cv2.imwrite(str(folder / f"{sample.name}-{method}-{index:03}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
