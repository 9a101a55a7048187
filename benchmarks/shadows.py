"""Measure what the built-in filler takes for shadows: where nothing casts one, and where one is known to lie.

    python benchmarks/shadows.py DATA_DIR                             # ten films, every fifth of their first 50 frames
    python benchmarks/shadows.py DATA_DIR --kinds real --sheets OUT   # real objects: outlines to look at

foreign:   holes of another film's object (see docs/evaluation.md): nothing casts their shadow, all found is false
synthetic: the same holes, with a shadow laid on the ground that goes along: the hole's shape, flattened and sheared
           from its foot, soft at its edge, 0.6 to 0.8 of the linear light left; how it falls differs by film
real:      the film's own object by its true mask
untaken:   the same, but no shadow is taken along: where there is one, the check should say so

called:    share of frames on which anything is called shadow
false:     pixels called shadow that are none, over those of the hole, in percent; of `real` all that is called so
recall:    share of the synthetic shadow's pixels that is found, in percent
hit:       share of the frames with a synthetic shadow on which at least half of it is found
left:      share of frames on which the check says that a shadow stays
CPU ms:    processor time a frame, and of the first frame; frames are decoded and neighbours aligned before, as a fill
           needs that too; with `--every 1` what a whole film takes

Frames on which the lower border cuts the hole off count too, although there the filler looks for no shadow.
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray
from outlined import BLUE, GREEN, RED, outlined, tiled

from videdit import ArrayFrames
from videdit.evaluation.davis import Davis, DavisSequence, chosen_names, open_davis
from videdit.evaluation.holes import HOLE_GROWTH, ObjectHoles, donor_of, grown_with_height, own_object
from videdit.evaluation.sized_frames import SizedFrames
from videdit.filler import MaskSequence
from videdit.frames import Mask, Region
from videdit.media import open_video
from videdit.shots import Shot
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.shadows import Shadows

KINDS = ("foreign", "synthetic", "real", "untaken")
FIRST_HALF = ("blackswan", "bmx-trees", "breakdance", "camel", "car-shadow")
COLUMNS = ("called", "false", "recall", "hit", "left", "CPU ms", "first")
_ALIGNMENT_HEIGHT_PX = 360
_LEAST_SHADOW_PX = 40
_SHARE_OF_DEPTH = 0.5
_RIM_PX = 5
Figures = dict[str, float]


class OwnMasks:
    """A film's own object at its true place, grown."""

    def __init__(self, sequence: DavisSequence, size: tuple[int, int]) -> None:
        self._sequence, self._size = sequence, size

    def __getitem__(self, index: int) -> Mask:
        return own_object(self._sequence, index, self._size, HOLE_GROWTH)


class Untaken(Shadows):
    """Shadows of which none is taken along."""

    def _grown(self, index: int) -> Mask | None:
        return None


class CastShadow:
    """A shadow that falls from a hole on the ground: how much light it leaves, (H, W) float32, by hole."""

    def __init__(self, name: str) -> None:
        draw = np.random.default_rng(zlib.crc32(name.encode()))
        self._shear = float(draw.choice([-1, 1]) * draw.uniform(0.3, 1.0))
        # Towards the camera or away from it; the shadow of a low sun is as long as the object is high.
        self._flat = float(draw.choice([-0.3, 0.25, 0.4, 0.5]))
        self._light = draw.uniform(0.6, 0.8) * np.array([1, 1.02, 1.05])
        self._soft_px = float(draw.uniform(1.0, 2.5))

    def light(self, hole: Mask) -> NDArray[np.float32]:
        """Return the share of linear light that is left, (H, W, 3) float32."""
        depth = self.depth(hole)
        return np.asarray(1 - depth[..., None] * (1 - self._light), np.float32)

    def depth(self, hole: Mask) -> NDArray[np.float32]:
        """Return how deep in the shadow each pixel lies, (H, W) float32 in 0..1."""
        if not hole.any():
            return np.zeros(hole.shape, np.float32)
        foot = Region.of(hole).y1 - 2
        # (x, y) goes to (x + shear * (foot - y), foot + flat * (foot - y)).
        cast = np.array([[1, -self._shear, self._shear * foot], [0, -self._flat, foot + self._flat * foot]])
        moved = cv2.warpAffine(hole.astype(np.float32), cast, hole.shape[::-1])
        return np.asarray(cv2.GaussianBlur(moved, (0, 0), self._soft_px))


def shaded(rgb: NDArray[np.uint8], light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Darken a picture in linear light."""
    codes = rgb / np.float32(255)
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4) * light
    back = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(back * 255), np.uint8)


class Case:
    """One film with holes of one kind, the first frames of it in memory."""

    def __init__(self, davis: Davis, name: str, kind: str, count: int | None, size: tuple[int, int]) -> None:
        sequence = davis.sequence(name, count)
        self.count = len(sequence)
        with open_video(sequence.folder) as reader:
            sized = SizedFrames(reader.shot_frames(Shot(0, self.count, "start")), size)
            rgbs = [sized[index].rgb8 for index in range(self.count)]
        donor, mirrored = donor_of(name, davis.names)
        self.holes: MaskSequence = (
            OwnMasks(sequence, size)
            if kind in ("real", "untaken")
            else ObjectHoles(davis.sequence(donor), size, self.count, mirrored=mirrored)
        )
        self._finder = Untaken if kind == "untaken" else Shadows
        self.cast = CastShadow(name) if kind == "synthetic" else None
        if self.cast is not None:
            rgbs = [shaded(rgb, self.cast.light(self.holes[index])) for index, rgb in enumerate(rgbs)]
        self.rgbs = rgbs

    def true(self, index: int) -> Mask:
        """Return the shadow that was laid there."""
        hole = self.holes[index]
        return np.zeros(hole.shape, np.bool_) if self.cast is None else (self.cast.depth(hole) > 0.5) & ~hole

    def finder(self) -> tuple[Shadows, Pictures]:
        """Return what looks for shadows as the filler makes it, with all that a fill needs anyway done."""
        frames = ArrayFrames(self.rgbs)
        scale = Scale.of(frames.size, _ALIGNMENT_HEIGHT_PX)
        pictures = Pictures(frames, self.holes, scale, kept=self.count)
        camera = Camera(pictures, frames.shot)
        for index in range(self.count - 1):
            camera.between(index, index + 1)
        return self._finder(frames.shot, pictures, camera), pictures


def measure(case: Case, every: int) -> tuple[Figures, dict[int, Mask]]:
    """Look for shadows on every so many frames; return the figures, and what was found."""
    shadows, pictures = case.finder()
    asked = range(0, case.count, every)
    found: dict[int, Mask] = {}
    times, left = [], []
    for index in asked:
        before = process_time()
        mask = shadows[index] if pictures.has_hole(index) else None
        left.append(shadows.left(index))
        times.append(1000 * (process_time() - before))
        found[index] = np.zeros(case.rgbs[index].shape[:2], np.bool_) if mask is None else mask
    wrong, hole_px, right, true_px, hits = 0, 0, 0, 0, []
    for index, mask in found.items():
        hole, true = case.holes[index], case.true(index)
        wrong += int(np.count_nonzero(mask & ~hole & ~grown_with_height(true, _RIM_PX)))
        hole_px += int(np.count_nonzero(hole))
        if np.count_nonzero(true) >= _LEAST_SHADOW_PX:
            right += int(np.count_nonzero(mask & true))
            true_px += int(np.count_nonzero(true))
            hits.append(np.count_nonzero(mask & true) >= _SHARE_OF_DEPTH * np.count_nonzero(true))
    nothing = float("nan")
    return {
        "called": 100 * float(np.mean([mask.any() for mask in found.values()])),
        "false": 100 * wrong / max(1, hole_px),
        "recall": 100 * right / true_px if true_px else nothing,
        "hit": 100 * float(np.mean(hits)) if hits else nothing,
        "left": 100 * float(np.mean(left)),
        "CPU ms": float(np.mean(times[1:])) if len(times) > 1 else nothing,
        "first": times[0],
    }, found


def sheet(case: Case, found: dict[int, Mask]) -> NDArray[np.uint8]:
    """Draw the holes green, true shadows blue and what was found red, on some frames."""
    return tiled(
        [
            outlined(case.rgbs[index], [(case.holes[index], GREEN), (case.true(index), BLUE), (mask, RED)])
            for index, mask in found.items()
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sequences", default="", help="names, separated by commas; all by default")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--frames", type=int, default=50, help="the first so many")
    parser.add_argument("--every", type=int, default=5, help="every so many are asked for")
    parser.add_argument("--size", default="432x240", help="WIDTHxHEIGHT")
    parser.add_argument("--sheets", type=Path, help="write a sheet of each film there")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    davis = open_davis(arguments.data)
    width, height = (int(side) for side in arguments.size.split("x"))
    names = chosen_names(davis, [name for name in arguments.sequences.split(",") if name])
    if arguments.sheets:
        arguments.sheets.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kinds.split(","):
        print(f"{kind:16}" + "".join(f"{name:>9}" for name in COLUMNS))
        rows: dict[str, Figures] = {}
        for name in names:
            case = Case(davis, name, kind, arguments.frames, (height, width))
            rows[name], found = measure(case, arguments.every)
            print(f"{name:16}" + _cells(rows[name]), flush=True)
            if arguments.sheets:
                picture = cv2.cvtColor(sheet(case, found), cv2.COLOR_RGB2BGR)
                cv2.imwrite(str(arguments.sheets / f"{name}-{kind}.png"), picture)
        halves = {"first half": FIRST_HALF, "second half": tuple(set(rows) - set(FIRST_HALF)), "all": tuple(rows)}
        for title, members in halves.items():
            of_half = [rows[name] for name in members if name in rows]
            if of_half:
                print(f"{title:16}" + _cells({key: _mean([row[key] for row in of_half]) for key in COLUMNS}))
        print(flush=True)


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _cells(figures: Figures) -> str:
    return "".join(f"{figures[key]:9.1f}" for key in COLUMNS)


if __name__ == "__main__":
    main()
