"""Measure what the built-in filler finds of an object beside a mask that misses parts of it.

    python benchmarks/remnants.py DATA_DIR                             # ten films, nine frames each
    python benchmarks/remnants.py DATA_DIR --sequences FIVE --weights WEIGHTS    # by a tracker that never saw them
    python benchmarks/remnants.py DATA_DIR --kinds bitten --sheets OUT # outlines to look at

tracked: masks, and what the tracker thought around them, as the built-in tracker makes them from the first frame's mask
masks:   the same masks, but nothing is known of what lies around them
true:    the film's own masks; nothing is missed, all found is wrong, or the object's shadow
bitten:  another film's object pasted in, with two discs bitten out of its mask's edge; the film's own object, which may
         touch it, is a rival that must stay
pasted:  the same object, tracked
pasted-masks: by masks alone

The object that is pasted in comes from one of the sequences named. Masks are grown, and their pinholes closed, as
`videdit remove` does.

missed: pixels of the object outside the hole, over those of the hole, in percent
found:  how many of these are found, in percent
wrong:  what is found and is neither the object, nor within three pixels of it, nor the rival, over the hole, in percent
rival:  what is found of the rival, over the hole, in percent
CPU ms: processor time a frame, the medians over the frames; those around are decoded and aligned before, since a fill
        needs that too
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray
from outlined import BLUE, GREEN, RED, YELLOW, outlined, tiled

from videdit import ArrayFrames, MaskSequence, Runtime
from videdit.evaluation.davis import Davis, DavisSequence, chosen_names, open_davis
from videdit.evaluation.holes import ObjectHoles, donor_of
from videdit.frames import Alpha, Mask
from videdit.masks import PackedProbability
from videdit.media import open_video
from videdit.ops import MaskShaping, grow
from videdit.ops.shaped_masks import shape_masks
from videdit.shots import Shot
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.remnants import Remnants
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.tracker.engine import BuiltinTracker
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.remove.effect import Remove

KINDS = ("tracked", "masks", "true", "bitten", "pasted", "pasted-masks")
COLUMNS = ("missed", "found", "wrong", "rival", "CPU ms")
_ALIGNMENT_HEIGHT_PX = 360
_BITES, _BITE_PX, _SAME_FRAMES = 2, 24, 4
"""So many discs, of that radius, at places that stay the same for so many frames."""
_SOFT_EDGE_PX = 0.7
_LOOSE_PX = 3
Figures = dict[str, float]
Rgb = NDArray[np.uint8]


class Whole:
    """Masks and nothing else."""

    def __init__(self, masks: Callable[[int], Mask]) -> None:
        self._masks = masks

    def __getitem__(self, index: int) -> Mask:
        return self._masks(index)


class Bitten:
    """Masks with discs bitten out of their edge."""

    def __init__(self, whole: Callable[[int], Mask]) -> None:
        self._whole = whole

    def __getitem__(self, index: int) -> Mask:
        mask = self._whole(index).view(np.uint8).copy()
        edge = np.argwhere(mask > cv2.erode(mask, np.ones((3, 3), np.uint8)))
        draw = np.random.default_rng(index // _SAME_FRAMES)
        for share in draw.random(_BITES) if len(edge) else ():
            y, x = edge[int(share * len(edge))]
            cv2.circle(mask, (int(x), int(y)), _BITE_PX, 0, -1)
        return mask > 0


class Followed:
    """Masks of an object by the built-in tracker, from the first frame's, and what it thought around them.

    weights: of its network; None for those it comes with
    """

    def __init__(self, rgbs: list[Rgb], first: Mask, weights: Path | None) -> None:
        tracker = BuiltinTracker(TrackerOptions(weights=weights), Runtime())
        tracker.start(ArrayFrames(rgbs), 0, {1: first})
        steps = [tracker.step(index)[1] for index in range(1, len(rgbs))]
        self._masks = [first, *(one.mask for one in steps)]
        self._packed = [None, *(PackedProbability.pack(one.probability) for one in steps)]

    def __getitem__(self, index: int) -> Mask:
        return self._masks[index]

    def probability(self, index: int) -> Alpha | None:
        packed = self._packed[index]
        return None if packed is None else packed.map(self._masks[index].shape)


class Case:
    """One film with the holes of one kind, all its frames in memory at their own size.

    names: the sequences that lend objects to paste in

    own:   own(index) -> (H, W) bool, the object that is to go
    rival: rival(index) -> (H, W) bool, what must stay; None if nothing is known to
    """

    def __init__(self, davis: Davis, names: list[str], name: str, kind: str, weights: Path | None) -> None:
        sequence = davis.sequence(name)
        self.count = len(sequence)
        self.rgbs = read(sequence)
        size = self.rgbs[0].shape[:2]
        self.own: Callable[[int], Mask] = lambda index: sequence.labels(index) > 0
        self.rival: Callable[[int], Mask] | None = None
        if kind in ("bitten", "pasted", "pasted-masks"):
            donor, mirrored = donor_of(name, names)
            pasted = ObjectHoles(davis.sequence(donor), (size[0], size[1]), self.count, growth=1, mirrored=mirrored)
            self.rgbs = paste(self.rgbs, read(davis.sequence(donor)), pasted, mirrored=mirrored)
            self.own, self.rival = pasted.__getitem__, self.own
        raw: MaskSequence = Whole(self.own)
        if kind == "bitten":
            raw = Bitten(self.own)
        elif kind != "true":
            raw = Followed(self.rgbs, self.own(0), weights)
        if kind in ("masks", "pasted-masks"):
            raw = Whole(raw.__getitem__)
        shot = Shot(0, self.count, "start")
        holes = shape_masks(raw, shot, MaskShaping.model_validate({**Remove.shaping, "specks": "0"}))
        frames = ArrayFrames(self.rgbs)
        self._shot = frames.shot
        self.pictures = Pictures(frames, holes, Scale.of(frames.size, _ALIGNMENT_HEIGHT_PX), kept=self.count)
        self._camera = Camera(self.pictures, frames.shot)

    def finder(self) -> Remnants:
        """Return what looks for remnants as the filler makes it."""
        return Remnants(self._shot, self.pictures, self.pictures, self._camera, FillerOptions().reach_frames)


def read(sequence: DavisSequence) -> list[Rgb]:
    """Return all frames of a sequence."""
    with open_video(sequence.folder) as reader:
        frames = reader.shot_frames(Shot(0, len(sequence), "start"))
        return [frames[index].rgb8 for index in range(len(sequence))]


def paste(rgbs: list[Rgb], donor: list[Rgb], holes: ObjectHoles, *, mirrored: bool) -> list[Rgb]:
    """Lay the donor's objects over a film, with a soft edge."""
    result = []
    for index, rgb in enumerate(rgbs):
        size = rgb.shape[1], rgb.shape[0]
        other = cv2.resize(donor[holes.donor_index(index)], size, interpolation=cv2.INTER_AREA)
        alpha = cv2.GaussianBlur(holes[index].astype(np.float32), (0, 0), _SOFT_EDGE_PX)[..., None]
        shown = other[:, ::-1] if mirrored else other
        result.append(np.rint(rgb * (1 - alpha) + shown * alpha).astype(np.uint8))
    return result


def measure(case: Case, asked: int) -> tuple[Figures, list[Rgb]]:
    """Look for remnants on so many frames; return the figures, and these frames with outlines."""
    size = case.pictures.scale.small[::-1]
    missed = found = wrong = rivals = area = 0
    times, tiles = [], []

    def small(mask: Mask) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA))

    for index in sorted({round(place) for place in np.linspace(1, case.count - 2, asked)}):
        here = case.pictures[index]
        if not here.hole.any():
            continue
        case.finder()[index]
        finder, began = case.finder(), process_time()
        mask = finder[index]
        times.append(1000 * (process_time() - began))
        what = np.zeros_like(here.hole) if mask is None else mask & ~here.hole
        own = small(case.own(index))
        left, loose = (own > 0.5) & ~here.hole, grow(own > 0.1, _LOOSE_PX)
        rival = np.zeros_like(what) if case.rival is None else (small(case.rival(index)) > 0.5) & ~here.hole & ~loose
        area += np.count_nonzero(here.hole)
        missed += np.count_nonzero(left)
        found += np.count_nonzero(what & left)
        rivals += np.count_nonzero(what & rival)
        wrong += np.count_nonzero(what & ~loose & ~rival)
        tiles.append(outlined(here.rgb, [(here.hole, GREEN), (own > 0.5, BLUE), (rival, YELLOW), (what, RED)]))
    nothing = float("nan")
    return {
        "missed": 100 * missed / max(1, area),
        "found": 100 * found / missed if missed else nothing,
        "wrong": 100 * wrong / max(1, area),
        "rival": 100 * rivals / max(1, area) if case.rival else nothing,
        "CPU ms": float(np.median(times)) if times else nothing,
    }, tiles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path, help="of the tracker's network; those it comes with by default")
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--kinds", default=",".join(KINDS), help="separated by commas; all by default")
    parser.add_argument("--frames", type=int, default=9, help="so many of a film, spread over it")
    parser.add_argument("--sheets", type=Path, help="write a sheet of each film there")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    davis = open_davis(arguments.data)
    names = chosen_names(davis, [name for name in arguments.sequences.split(",") if name])
    if arguments.sheets:
        arguments.sheets.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kinds.split(","):
        print(f"{kind:16}" + "".join(f"{name:>9}" for name in COLUMNS))
        rows = []
        for name in names:
            figures, tiles = measure(Case(davis, names, name, kind, arguments.weights), arguments.frames)
            rows.append(figures)
            print(f"{name:16}" + _cells(figures), flush=True)
            if arguments.sheets and tiles:
                picture = cv2.cvtColor(tiled(tiles), cv2.COLOR_RGB2BGR)
                cv2.imwrite(str(arguments.sheets / f"{name}-{kind}.png"), picture)
        known = {key: [row[key] for row in rows if not np.isnan(row[key])] for key in COLUMNS}
        mean = {key: float(np.mean(values)) if values else float("nan") for key, values in known.items()}
        print(f"{'mean':16}" + _cells(mean) + "\n", flush=True)


def _cells(figures: Figures) -> str:
    return "".join(f"{figures[key]:9.1f}" for key in COLUMNS)


if __name__ == "__main__":
    main()
