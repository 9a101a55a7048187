"""Measure what a removal does to another object that stays: taken for ground and known to be tracked as well.

    python benchmarks/staying.py DATA_DIR [--sequences FIVE --tracker WEIGHTS --weigher WEIGHTS]

Another film's object is pasted into a film, as `remnants.py` does, and tracked from its first mask together with the
film's own object; then it is removed as `videdit remove` would, and compared with the film as it was.

alone:  nothing is known of the film's own object
known:  it is tracked as well, and stays
behind: PSNR where the pasted object was and nothing of the film's own one is behind it, in dB
over:   PSNR where it was and the film's own object is behind it, in dB
beside: how far what is outside the pasted object changed, in codes: the root of the sum of the squares over the pasted
        object's area; of that inside the film's own object apart
CPU ms: processor time a frame
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from remnants import paste, read

from videdit import ArrayFrames, Runtime
from videdit.evaluation.davis import Davis, chosen_names, open_davis
from videdit.evaluation.holes import ObjectHoles, donor_of
from videdit.frames import Alpha, Labels, Mask
from videdit.masks import PackedProbability
from videdit.ops import MaskShaping, grow, shape_masks
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.tracker.engine import BuiltinTracker
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.remove.effect import Remove
from videdit_plugins.remove.sparing import Sparing

PASTED, OWN = 1, 2
COLUMNS = ("behind", "over", "beside", "its own", "CPU ms")
_RIM_PX = 6
_LEAST_PX = 300
_FIRST_FRAMES = 60
Rgb = NDArray[np.uint8]


class Both:
    """Masks of the pasted object by the built-in tracker, which follows the film's own one as well."""

    def __init__(self, rgbs: list[Rgb], first: dict[int, Mask], weights: Path | None) -> None:
        tracker = BuiltinTracker(TrackerOptions(weights=weights), Runtime())
        tracker.start(ArrayFrames(rgbs), 0, first)
        steps = [tracker.step(index) for index in range(1, len(rgbs))]
        self._masks = [first, *({one: tracked.mask for one, tracked in step.items()} for step in steps)]
        self._packed = [None, *(PackedProbability.pack(step[PASTED].probability) for step in steps)]

    def __getitem__(self, index: int) -> Mask:
        return self._masks[index][PASTED]

    def probability(self, index: int) -> Alpha | None:
        packed = self._packed[index]
        return None if packed is None else packed.map(self[index].shape)

    def own(self, index: int) -> Labels:
        """Return (H, W) int32: where the film's own object is."""
        return np.where(self._masks[index][OWN] & ~self[index], OWN, 0).astype(np.int32)


class _Labels:
    def __init__(self, labels: Callable[[int], Labels]) -> None:
        self._labels = labels

    def __getitem__(self, index: int) -> Labels:
        return self._labels(index)


def measure(
    davis: Davis, names: list[str], name: str, asked: int, options: argparse.Namespace
) -> dict[str, list[float]]:
    """Return the figures of one film by kind."""
    sequence = davis.sequence(name)
    truth = read(sequence)
    size = truth[0].shape[:2]
    donor, mirrored = donor_of(name, names)
    pasted = ObjectHoles(davis.sequence(donor), (size[0], size[1]), len(truth), growth=1, mirrored=mirrored)
    rgbs = paste(truth, read(davis.sequence(donor)), pasted, mirrored=mirrored)
    first = {PASTED: pasted[0], OWN: (sequence.labels(0) > 0) & ~pasted[0]}
    both = Both(rgbs, first, options.tracker)
    frames = ArrayFrames(rgbs)
    shaped = shape_masks(both, frames.shot, MaskShaping.model_validate({**Remove.shaping}))
    places = sorted({round(place) for place in np.linspace(1, min(len(rgbs), _FIRST_FRAMES) - 2, asked)})
    result = {}
    for kind, holes in (("alone", shaped), ("known", Sparing(shaped, _Labels(both.own)))):
        filler = BuiltinFiller(FillerOptions(weights=options.weigher), Runtime())
        began = process_time()
        filler.start(frames, holes)
        films = []
        for index in places:
            out, filled = rgbs[index].copy(), filler.fill(index)
            if filled is not None:
                out[filled.region.slices] = filled.rgb
            films.append(out)
        spent = 1000 * (process_time() - began) / len(places)
        rows = []
        for index, out in zip(places, films, strict=True):
            gone, rival = grow(pasted[index], _RIM_PX), sequence.labels(index) > 0
            rows.append(_figures(np.square(out.astype(np.float64) - truth[index]).mean(axis=2), gone, rival))
        result[kind] = [*(float(np.nanmean(column)) for column in zip(*rows, strict=True)), spent]
    return result


def _figures(squares: NDArray[np.float64], gone: Mask, rival: Mask) -> list[float]:
    behind, over = gone & ~grow(rival, _RIM_PX), gone & rival
    area = max(1, np.count_nonzero(gone))
    psnr = [
        -10 * np.log10(squares[part].mean() / 255**2 + 1e-9) if np.count_nonzero(part) > _LEAST_PX else np.nan
        for part in (behind, over)
    ]
    return [*psnr, (squares[~gone].sum() / area) ** 0.5, (squares[rival & ~gone].sum() / area) ** 0.5]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--tracker", type=Path, help="weights of its network; those it comes with by default")
    parser.add_argument("--weigher", type=Path, help="weights of the filler's; those it comes with by default")
    parser.add_argument("--frames", type=int, default=8, help="so many of a film's first sixty")
    arguments = parser.parse_args()
    davis = open_davis(arguments.data)
    names = chosen_names(davis, [name for name in arguments.sequences.split(",") if name])
    print(f"{'':24}" + "".join(f"{name:>9}" for name in COLUMNS))
    found: dict[str, list[list[float]]] = {}
    for name in names:
        for kind, row in measure(davis, names, name, arguments.frames, arguments).items():
            found.setdefault(kind, []).append(row)
            print(f"{name:16}{kind:8}" + "".join(f"{value:9.2f}" for value in row), flush=True)
    for kind, rows in found.items():
        mean = np.nanmean(np.array(rows), axis=0)
        print(f"{'mean':16}{kind:8}" + "".join(f"{value:9.2f}" for value in mean))


if __name__ == "__main__":
    main()
