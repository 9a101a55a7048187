"""Measure fillers against two baselines where the truth is known, with the holes and figures of `videdit evaluate`.

    python benchmarks/inpainting.py DATA_DIR                                        # the figures asked of the filler
    python benchmarks/inpainting.py DATA_DIR --frames 50 --donors dog=camel,camel=dog     # other pairs of film and hole
    python benchmarks/inpainting.py DATA_DIR --size 1920x1080 --frames 12 --sequences dog --methods builtin

Each sequence gets the object-shaped holes of another one: see docs/evaluation.md, whose figures these are.

hole, bg:       PSNR in dB of the hole, and of the hole less the sequence's own object: what removal means
E hole, E bg:   flow-warping error x1000 there; E true is that of the untouched film in the hole
sharp:          gradient energy of the fill in the hole over that of the truth
made up:        share of the hole that no frame showed
CPU ms, ms:     processor time and wall-clock time per frame; MiB: the most memory held

Methods: telea, flow, any plug-in's filler, and `seen+X`: the built-in filler's true pixels, with X for what no frame
shows: truth, grey, telea, or any filler. So seen+truth is the most that a network could bring to it.

The last lines compare the means of each method with the baselines: bg in dB more, E hole as a ratio.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from baseline_fillers import FlowPropagation, Telea
from numpy.typing import NDArray

from videdit.evaluation.costs import Meter
from videdit.evaluation.davis import Davis, DavisSequence, chosen_names, open_davis
from videdit.evaluation.filling import fill_sequence
from videdit.evaluation.holes import ObjectHoles, donor_of, own_object
from videdit.evaluation.inpainting import read_size
from videdit.evaluation.sized_frames import SizedFrames
from videdit.filler import MADE_UP, Filled, Filler, MaskSequence
from videdit.frames import FrameSequence, Mask, Region
from videdit.media import open_video
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit_plugins.e2fgvi.full_size import FullSizeFiller

BASELINES = {"telea": Telea, "flow": FlowPropagation}
COLUMNS = ("hole", "bg", "E hole", "E bg", "E true", "sharp", "made up", "CPU ms", "ms", "MiB")
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """A film, and the holes laid over it."""

    sequence: DavisSequence
    donor: DavisSequence
    mirrored: bool
    size: tuple[int, int]

    def own(self, index: int) -> Mask:
        """Return the film's own object, grown; (H, W) bool."""
        return own_object(self.sequence, index, self.size)


def measure(
    make_filler: Callable[[FrameSequence], Filler], pair: Pair, pictures: Path | None = None, title: str = ""
) -> Figures:
    """Fill every frame and compare with the truth; every tenth frame is written into the folder `pictures`."""
    sharp: list[float] = []
    with open_video(pair.sequence.folder) as reader:
        count = len(pair.sequence)
        truth = SizedFrames(reader.shot_frames(Shot(0, count, "start")), pair.size)
        holes = ObjectHoles(pair.donor, pair.size, count, mirrored=pair.mirrored)

        def look(index: int, rgb: NDArray[np.uint8], hole: Mask, result: NDArray[np.uint8]) -> None:
            if not hole.any():
                return
            sharp.append(energy(result, hole) / max(1e-9, energy(rgb, hole)))
            if pictures is not None and index % 10 == 0:
                sheet = np.hstack([rgb, np.where(hole[..., None], np.uint8(128), rgb), result])
                cv2.imwrite(str(pictures / f"{title}-{index:03}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))

        meter, filler = Meter(), make_filler(truth)
        found = fill_sequence(filler, truth, holes, pair.own, meter=meter, tick=lambda: None, keep_worst=0, look=look)
    cost = meter.record(count)
    means = {key: float(np.nanmean(values)) for key, values in found.figures.items() if not np.isnan(values).all()}
    nothing = float("nan")
    return {
        "hole": means.get("psnr_hole", nothing),
        "bg": means.get("psnr_background", nothing),
        "E hole": 1000 * means.get("warp_hole", nothing),
        "E bg": 1000 * means.get("warp_background", nothing),
        "E true": 1000 * means.get("warp_true", nothing),
        "sharp": float(np.mean(sharp)),
        "made up": found.made_up,
        "CPU ms": float(cost["cpu_ms"] or 0),
        "ms": float(cost["wall_ms"] or 0),
        "MiB": float(cost["peak_mib"] or 0),
    }


def energy(picture: NDArray[np.uint8], where: Mask) -> float:
    """Return the sum of squared gradients inside `where`, its edge left out."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = cv2.erode(where.view(np.uint8), CROSS) > 0
    squares = np.square(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.square(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(squares[inner].sum())


class Truth(Filler):
    """Fills with the truth, or with grey."""

    def __init__(self, truth: FrameSequence, *, grey: bool) -> None:
        self._truth, self._grey = truth, grey

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._holes = holes

    def fill(self, index: int) -> Filled | None:
        hole, rgb = self._holes[index], self._truth[index].rgb8.copy()
        if self._grey:
            rgb[hole] = 128
        return Filled(Region.whole(self._truth.size), rgb, np.where(hole, MADE_UP, index).astype(np.int32))


def make(method: str, quality: str, options: dict[str, str], truth: FrameSequence, *, learned: bool = True) -> Filler:
    """Return a baseline, or a plug-in's filler by its name."""
    if method.startswith("seen+"):
        rest = make(method.removeprefix("seen+"), quality, {}, truth, learned=learned)
        return FullSizeFiller(make("builtin", quality, options, truth, learned=learned), rest)
    if method in ("truth", "grey"):
        return Truth(truth, grey=method == "grey")
    if method in BASELINES:
        return BASELINES[method]()
    plugins = Plugins()
    runtime = plugins.runtime(Runtime(quality=quality, learned=learned))  # type: ignore[arg-type]
    made: Filler = plugins.create("filler", method, options, runtime)
    return made


def pair_of(davis: Davis, name: str, donors: dict[str, str], size_text: str, frames: int | None) -> Pair:
    """Return the film `name` and the holes that it gets."""
    sequence = davis.sequence(name, frames)
    donor, mirrored = (donors[name], False) if name in donors else donor_of(name, davis.names)
    return Pair(sequence, davis.sequence(donor), mirrored, read_size(size_text) or sequence.size)


def compared(means: dict[str, Figures]) -> list[str]:
    """Return a line for each method and baseline."""
    lines = []
    for method, ours in means.items():
        for other in (name for name in BASELINES if name in means and method not in BASELINES):
            theirs = means[other]
            gains = ", ".join(f"{key} {ours[key] - theirs[key]:+.2f} dB" for key in ("bg", "hole"))
            ratios = ", ".join(f"{key} x {ours[key] / theirs[key]:.2f}" for key in ("E hole", "E bg"))
            lines.append(f"{method} against {other}: {gains}, {ratios}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--donors", default="", help="film=donor pairs, separated by commas; these films alone")
    parser.add_argument("--frames", type=int, help="the first so many; all by default")
    parser.add_argument("--size", default="432x240", help="WIDTHxHEIGHT or full")
    parser.add_argument("--methods", default="telea,flow,builtin")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="an option of the plug-in")
    parser.add_argument("--no-learned", dest="learned", action="store_false", help="without the small networks")
    parser.add_argument("--pictures", type=Path, help="write truth, hole and fill of every tenth frame there")
    arguments = parser.parse_args()
    davis = open_davis(arguments.data)
    donors = dict(text.split("=") for text in arguments.donors.split(",") if text)
    names = chosen_names(davis, [name for name in arguments.sequences.split(",") if name] or list(donors))
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    print(f"{'film':16}{'holes of':16}{'method':10}" + "".join(f"{name:>9}" for name in COLUMNS))
    rows: dict[str, list[Figures]] = {}
    for name in names:
        pair = pair_of(davis, name, donors, arguments.size, arguments.frames)
        for method in arguments.methods.split(","):
            options = dict(text.split("=") for text in arguments.set)
            made = partial(make, method, arguments.quality, options, learned=arguments.learned)
            figures = measure(made, pair, arguments.pictures, f"{name}-{method}")
            rows.setdefault(method, []).append(figures)
            print(f"{name:16}{pair.donor.name:16}{method:10}" + _cells(figures), flush=True)
    means = {
        method: {key: float(np.nanmean([row[key] for row in all_rows])) for key in COLUMNS}
        for method, all_rows in rows.items()
    }
    for method, figures in means.items():
        print(f"{'mean':16}{'':16}{method:10}" + _cells(figures))
    print("\n".join(compared(means)))


def _cells(figures: Figures) -> str:
    return "".join(f"{figures[key]:9.2f}" for key in COLUMNS)


if __name__ == "__main__":
    main()
