"""Count correct and false re-acquisitions over all pairs of sequences with true masks.

    python benchmarks/reidentification.py DATA_DIR [--first 99] [--between 20] [--second 10] [--sequences dog,camel]

For each sequence A one film is made: of A's first half, of the second half of every other sequence B, a shot each, and
of A's second half. The object is given on A's first frame, and the whole tracking stage runs with the engines that need
no download. A mask anywhere in a shot of B is a false re-acquisition; A's last shot is a correct one if the mask of its
second frame has an IoU of at least 0.5 with the truth, or a mask of its third. --first, --between and --second say how
many frames of each are taken; objects are looked for on the frames that the options say, so fewer frames make a
shorter search. --sheet FILE.png keeps a picture of what was found.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.evaluation import jaccard
from videdit.frames import ArrayFrames, Mask
from videdit.masks import MaskTrack
from videdit.plugins import Plugins
from videdit.prompts import MaskPrompt
from videdit.runtime import Runtime
from videdit.shots import Shot
from videdit.tracking.stage import Engines, Pointed, TrackingStage

BACK_WITHIN = 2
GOOD_IOU = 0.5
TILE = (128, 228)


@dataclass(frozen=True, slots=True)
class Half:
    """Frames of one half of a sequence, with the true masks."""

    pixels: list[NDArray[np.uint8]]
    truths: list[Mask]


def read_half(folder: Path, name: str, half: int, count: int) -> Half:
    """Read the first `count` frames of the first (0) or second (1) half."""
    pictures = sorted((folder / "JPEGImages/480p" / name).glob("*.jpg"))
    middle = len(pictures) // 2
    chosen = (pictures[:middle] if half == 0 else pictures[middle:])[:count]
    pixels = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in chosen]
    truths = [cv2.imread(str(folder / "Annotations/480p" / name / f"{path.stem}.png"), 0) > 0 for path in chosen]
    return Half(pixels, truths)


def run(name: str, others: list[str], halves: dict[tuple[str, int], Half], options: dict[str, Any]) -> dict[str, Any]:
    """Track one film and say where the object was found."""
    pieces = [(name, 0), *((other, 1) for other in others), (name, 1)]
    size = halves[name, 0].truths[0].shape
    shots, at, film = [], 0, {}
    for piece in pieces:
        pixels = [_fitted(one, size) for one in halves[piece].pixels]
        shots.append(Shot(at, at + len(pixels), "start" if at == 0 else "cut"))
        film[shots[-1]] = ArrayFrames(pixels, first_index=at)
        at += len(pixels)
    plugins = Plugins()
    with MaskTrack.open(":memory:", size=size) as track:
        stage = TrackingStage(
            source=name,
            frames_of=film.__getitem__,
            track=track,
            plugins=plugins,
            runtime=Runtime(),
            engines=Engines(reidentify=options),
        )
        spent = -time.process_time()
        stage.run([Pointed(1, name, {0: [MaskPrompt(mask=halves[name, 0].truths[0], object=name)]})], shots)
        spent += time.process_time()
        found: dict[str, Any] = {"false": {}, "near": {}, "seconds": spent}
        for other, shot in zip(others, shots[1:-1], strict=True):
            entries = list(track.entries(1, shot.start, shot.stop))
            if any(not entry.mask.empty for entry in entries):
                found["false"][other] = next(entry for entry in entries if not entry.mask.empty)
            found["near"][other] = max(entry.evidence.get("likeness", 0.0) for entry in entries)
        last = shots[-1]
        ious = [
            jaccard(entry.mask.mask(), truth)
            for entry, truth in zip(track.entries(1, last.start, last.stop), halves[name, 1].truths, strict=True)
        ]
        found["ious"] = ious
        found["back"] = next((number for number, iou in enumerate(ious) if iou >= GOOD_IOU), None)
        found["likeness"] = max(
            entry.evidence.get("likeness", 0.0) for entry in track.entries(1, last.start, last.stop)
        )
        found["pictures"] = [
            (f"{name} in {other}", film[shots[1 + others.index(other)]][entry.index].rgb, entry.mask.mask())
            for other, entry in found["false"].items()
        ]
        shown = min(BACK_WITHIN, len(last) - 1)
        entry = track.get(1, last.start + shown)
        if entry is not None:
            found["pictures"].append((f"{name} back", film[last][last.start + shown].rgb, entry.mask.mask()))
        return found


def _fitted(rgb: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    if rgb.shape[:2] == size:
        return rgb
    return np.asarray(cv2.resize(rgb, (size[1], size[0]), interpolation=cv2.INTER_AREA), np.uint8)


def write_sheet(path: Path, pictures: list[tuple[str, NDArray[np.uint8], Mask]], columns: int = 5) -> None:
    """Write the finds, the mask tinted, five in a row."""
    tiles = []
    for title, rgb, mask in pictures:
        shown = rgb.copy()
        shown[mask] = (shown[mask] * 0.5 + np.array([128, 0, 0])).astype(np.uint8)
        tile = cv2.resize(shown, TILE[::-1], interpolation=cv2.INTER_AREA)
        cv2.putText(tile, title, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1)
        tiles.append(tile)
    tiles += [np.zeros((*TILE, 3), np.uint8)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[first : first + columns]) for first in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--first", type=int, default=99)
    parser.add_argument("--between", type=int, default=20)
    parser.add_argument("--second", type=int, default=10)
    parser.add_argument("--sequences", default="", help="names with commas between, as A; all are B")
    parser.add_argument("--threshold", type=float, help="of the likeness; the options' own if left out")
    parser.add_argument("--sheet", type=Path)
    chosen = parser.parse_args()
    names = sorted(path.name for path in (chosen.data_dir / "JPEGImages/480p").iterdir() if path.is_dir())
    asked = chosen.sequences.split(",") if chosen.sequences else names
    options = {} if chosen.threshold is None else {"threshold": chosen.threshold}
    between = {(name, 1): read_half(chosen.data_dir, name, 1, chosen.between) for name in names}
    head = f"{'sequence':16}{'back after':>11}{'IoU':>6}{'likeness':>10}{'false of':>10}"
    print(f"{head}{'most alike of others':>30}{'CPU s':>8}")
    right = wrong = pairs = 0
    pictures = []
    for name in asked:
        own = {
            (name, half): read_half(chosen.data_dir, name, half, (chosen.first, chosen.second)[half]) for half in (0, 1)
        }
        others = [other for other in names if other != name]
        found = run(name, others, {**between, **own}, options)
        back = found["back"]
        is_right = back is not None and back <= BACK_WITHIN
        right += is_right
        wrong += len(found["false"])
        pairs += len(others)
        pictures += found["pictures"]
        near = sorted(found["near"], key=found["near"].__getitem__)[-1:]
        most = ", ".join(f"{other} {found['near'][other]:.2f}" for other in near)
        after = "-" if back is None else f"{back} frames"
        mean = float(np.mean(found["ious"]))
        print(
            f"{name:16}{after:>11}{mean:6.2f}{found['likeness']:10.2f}{len(found['false']):>5} of {len(others)}"
            f"{most:>30}{found['seconds']:8.0f}  {' '.join(found['false'])}",
            flush=True,
        )
        if chosen.sheet is not None:
            write_sheet(chosen.sheet, pictures)
    after_others = f"after {len(names) - 1} other shots"
    print(f"correct re-acquisitions {right} of {len(asked)}, within {BACK_WITHIN} frames, {after_others}")
    print(f"false re-acquisitions {wrong} of {pairs} pairs")


if __name__ == "__main__":
    main()
