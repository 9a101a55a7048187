"""Measure a tracker on clips assembled from sequences with true masks: absences, two objects that cross, long shots.

    python benchmarks/assembled_tracking.py DATA_DIR absence|crossing|length [--engine builtin] [--no-learned]
        [--sequences NAMES] [--weights FILE] [--steps 1,2]

absence   The object of one sequence is laid over another. It leaves the frame and comes back, or passes behind a
          board. Printed: precision and recall of "absent", and J of what is to be seen. Frames that show less than a
          tenth of the object's usual area are not counted as either.
crossing  Two objects of two sequences cross over a third. Printed: J of both, and how many frames swap them: more of
          a mask on the other object than on its own. Where its own is hidden a pixel is enough for that, so those masks
          that lie on the other object with a tenth of their pixels are counted as well. --steps tells how many names
          on the object in front and the ground are.
length    One sequence, to and fro, for 3000 frames of one shot. Printed: time and memory in blocks of 500 frames.

--weights takes other weights of the engine's network. Those that come along learned from some of the sequences; name
the others then, whose objects and grounds are all that is used.

DATA_DIR holds JPEGImages/480p/<sequence>/*.jpg and Annotations/480p/<sequence>/*.png.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.evaluation import jaccard
from videdit.frames import ArrayFrames, Mask
from videdit.plugins import Plugins
from videdit.runtime import Runtime
from videdit.tracker import Tracker

SIZE = (240, 428)
CLIP_FRAMES = 40
HARDLY_SEEN = 0.1
MORE_THAN_TOUCHED = 0.1
BLOCK = 500


class Engine:
    """Makes the tracker anew."""

    def __init__(self, name: str, quality: str, learned: bool, weights: Path | None) -> None:
        self._name = name
        self._options = {} if weights is None else {"weights": weights}
        self._plugins = Plugins()
        self._runtime = self._plugins.runtime(Runtime(quality=quality, learned=learned))

    def __call__(self) -> Tracker:
        return self._plugins.create("tracker", self._name, self._options, self._runtime)


@dataclass(frozen=True, slots=True)
class Footage:
    """One sequence at SIZE: (H, W, 3) uint8 RGB and (H, W) bool each."""

    frames: list[NDArray[np.uint8]]
    masks: list[Mask]

    def at(self, index: int) -> tuple[NDArray[np.uint8], Mask]:
        """Return frame and mask of a walk to and fro without end."""
        place = index % (2 * len(self.frames) - 2)
        place = min(place, 2 * len(self.frames) - 2 - place)
        return self.frames[place], self.masks[place]


@dataclass(slots=True)
class Assembled:
    """A clip; masks by object id for each frame, of what is to be seen."""

    frames: list[NDArray[np.uint8]]
    masks: list[dict[int, Mask]]


def read(folder: Path, name: str, limit: int = CLIP_FRAMES) -> Footage:
    frames, masks = [], []
    for path in sorted((folder / "JPEGImages/480p" / name).glob("*.jpg"))[:limit]:
        truth = folder / "Annotations/480p" / name / f"{path.stem}.png"
        pixels, mask = cv2.imread(str(path)), cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE)
        if pixels is None or mask is None:
            raise FileNotFoundError(truth)
        small = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), SIZE[::-1], interpolation=cv2.INTER_AREA)
        frames.append(np.asarray(small, np.uint8))
        masks.append(cv2.resize((mask > 0).astype(np.float32), SIZE[::-1], interpolation=cv2.INTER_AREA) > 0.5)
    return Footage(frames, masks)


def lay(canvas: NDArray[np.uint8], thing: Footage, index: int, to: tuple[float, float], high_px: float) -> Mask:
    """Draw the object as it is on frame `index`, its box centred on `to` (x, y) and about `high_px` long; its mask."""
    pixels, mask = thing.at(index)
    ys, xs = np.nonzero(thing.masks[0])
    scale = high_px / max(np.ptp(xs), np.ptp(ys), 1)
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return np.zeros(SIZE, np.bool_)
    centre = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
    moved = np.array([[scale, 0, to[0] - scale * centre[0]], [0, scale, to[1] - scale * centre[1]]], np.float32)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    alpha = cv2.warpAffine(soft, moved, SIZE[::-1])[..., None]
    laid = cv2.warpAffine(pixels, moved, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)
    canvas[:] = np.rint(canvas + alpha * (laid.astype(np.float32) - canvas))
    return np.asarray(alpha[..., 0] > 0.5)


def absence_clip(thing: Footage, ground: Footage, board: Footage, behind: bool) -> Assembled:
    """Return a clip in which the object is away for about a third of the time."""
    made = Assembled([], [])
    wide = SIZE[1]
    for index in range(CLIP_FRAMES):
        canvas = ground.at(index)[0].copy()
        part = index / (CLIP_FRAMES - 1)
        x = wide * (0.15 + 0.7 * part) if behind else wide * (0.65 + 1.5 * min(part, 1 - part, 0.36))
        mask = lay(canvas, thing, index, (x, 0.55 * SIZE[0]), 70.0)
        if behind:
            front = slice(int(0.36 * wide), int(0.36 * wide) + 125)
            canvas[:, front] = cv2.flip(board.frames[0], 1)[:, :125]
            mask[:, front] = False
        made.frames.append(canvas)
        made.masks.append({1: mask})
    return made


def crossing_clip(one: Footage, other: Footage, ground: Footage) -> Assembled:
    """Return a clip in which object 1 goes right, behind object 2, which goes left."""
    made = Assembled([], [])
    for index in range(CLIP_FRAMES):
        canvas = ground.at(index)[0].copy()
        part = index / (CLIP_FRAMES - 1)
        back = lay(canvas, one, index, (SIZE[1] * (0.2 + 0.6 * part), 0.5 * SIZE[0]), 90.0)
        front = lay(canvas, other, index, (SIZE[1] * (0.8 - 0.6 * part), 0.58 * SIZE[0]), 90.0)
        made.frames.append(canvas)
        made.masks.append({1: back & ~front, 2: front})
    return made


def follow(tracker: Tracker, clip: Assembled) -> list[dict[int, Mask]]:
    tracker.start(ArrayFrames(clip.frames), 0, clip.masks[0])
    return [{key: one.mask for key, one in tracker.step(index).items()} for index in range(1, len(clip.frames))]


def measure_absence(make: Engine, footage: Sequence[Footage], names: Sequence[str]) -> None:
    called: list[tuple[bool, bool]] = []
    seen: list[float] = []
    print(f"{'object':18}{'over':18}{'kind':8}{'away':>6}{'called':>8}{'false':>7}{'J':>7}")
    for number, name in enumerate(names):
        ground = (number + 3) % len(names)
        for behind in (False, True):
            clip = absence_clip(footage[number], footage[ground], footage[(number + 6) % len(names)], behind)
            usual = np.count_nonzero(clip.masks[0][1])
            mine: list[tuple[bool, bool]] = []
            overlaps = []
            for result, truth in zip(follow(make(), clip), clip.masks[1:], strict=True):
                area = np.count_nonzero(truth[1])
                if area == 0:
                    mine.append((True, not result[1].any()))
                elif area >= HARDLY_SEEN * usual:
                    mine.append((False, not result[1].any()))
                    overlaps.append(jaccard(result[1], truth[1]))
            away = sum(absent for absent, _ in mine)
            right, wrong = sum(a and b for a, b in mine), sum(b and not a for a, b in mine)
            kind = "behind" if behind else "leaves"
            figure = 100 * float(np.mean(overlaps))
            print(f"{name:18}{names[ground]:18}{kind:8}{away:6}{right:8}{wrong:7}{figure:7.1f}", flush=True)
            called += mine
            seen += overlaps
    right = sum(a and b for a, b in called)
    precision = right / max(1, sum(b for _, b in called))
    recall = right / max(1, sum(a for a, _ in called))
    print(f"absent: precision {precision:.3f}, recall {recall:.3f}; J of what is to be seen {100 * np.mean(seen):.1f}")


def measure_crossing(make: Engine, footage: Sequence[Footage], names: Sequence[str], steps: tuple[int, int]) -> None:
    total, swapped, clearly, counted = [], 0, 0, 0
    print(f"{'behind':18}{'in front':18}{'J behind':>10}{'J front':>9}{'swapped':>9}")
    for number, name in enumerate(names):
        other, ground = ((number + step) % len(names) for step in steps)
        clip = crossing_clip(footage[number], footage[other], footage[ground])
        overlaps: dict[int, list[float]] = {1: [], 2: []}
        mine = 0
        for result, truth in zip(follow(make(), clip), clip.masks[1:], strict=True):
            for key in (1, 2):
                if truth[key].any():
                    overlaps[key].append(jaccard(result[key], truth[key]))
                own = np.count_nonzero(result[key] & truth[key])
                others = np.count_nonzero(result[key] & truth[3 - key])
                mine += others > own
                clearly += others > max(own, MORE_THAN_TOUCHED * np.count_nonzero(result[key]))
                counted += 1
        swapped += mine
        means = [100 * float(np.mean(overlaps[key])) for key in (1, 2)]
        total += means
        print(f"{name:18}{names[other]:18}{means[0]:10.1f}{means[1]:9.1f}{mine:9}", flush=True)
    print(f"J {np.mean(total):.1f}; {swapped} of {counted} masks lie more on the other object than on their own,")
    print(f"{clearly} of them with more than a tenth of their pixels")


def measure_length(make: Engine, footage: Footage, frame_count: int) -> None:
    place = [footage.at(index)[0] for index in range(2 * len(footage.frames) - 2)]
    frames = ArrayFrames([place[index % len(place)] for index in range(frame_count)])
    tracker = make()
    tracker.start(frames, 0, {1: footage.masks[0]})
    print(f"{'frames':>8}{'CPU ms/frame':>14}{'MiB':>7}{'state KiB':>11}{'J':>7}")
    spent, overlaps = time.process_time(), []
    for index in range(1, frame_count):
        overlaps.append(jaccard(tracker.step(index)[1].mask, footage.at(index)[1]))
        if (index + 1) % BLOCK == 0:
            now = time.process_time()
            milliseconds = 1000 * (now - spent) / len(overlaps)
            state = len(tracker.snapshot()) / 1024
            print(
                f"{index + 1:8}{milliseconds:14.0f}{_resident_mib():7.0f}{state:11.0f}{100 * np.mean(overlaps):7.1f}",
                flush=True,
            )
            spent, overlaps = time.process_time(), []


def _resident_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("what", choices=["absence", "crossing", "length"])
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--no-learned", action="store_true")
    parser.add_argument("--sequences", default="", help="names with commas between; all if left out")
    parser.add_argument("--weights", type=Path, help="of the engine's network, in place of those that come along")
    parser.add_argument("--steps", default="1,2", help="how many names on the object in front and the ground are")
    parser.add_argument("--frames", type=int, default=3000, help="of the long shot")
    chosen = parser.parse_args()
    names = chosen.sequences.split(",") if chosen.sequences else []
    if not names:
        names = sorted(path.name for path in (chosen.data_dir / "JPEGImages/480p").iterdir() if path.is_dir())
    make = Engine(chosen.engine, chosen.quality, not chosen.no_learned, chosen.weights)
    if chosen.what == "length":
        measure_length(make, read(chosen.data_dir, names[0]), chosen.frames)
        return
    footage = [read(chosen.data_dir, name) for name in names]
    if chosen.what == "absence":
        measure_absence(make, footage, names)
        return
    front, ground = map(int, chosen.steps.split(","))
    measure_crossing(make, footage, names, (front, ground))


if __name__ == "__main__":
    main()
