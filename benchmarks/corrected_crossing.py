"""Measure what a correction does where two objects cross: to the one that is corrected, and beside it to the other.

    python benchmarks/corrected_crossing.py DATA_DIR [--sequences FIVE --weights TRACKER] [--corrections 3]

The clips are those of `assembled_tracking.py crossing`. Both objects are given by their true masks on the first frame
and tracked; then the worst mask of either is put right by clicks in the middle of what is wrong, as by `videdit
correct`, tracked, and so on. An object is corrected only where so much of it is to be seen as `--seen` says.

J:        mean over both objects and all frames that show a tenth of them, before and after each correction
overlaps: of 100 pixels that either mask has, how many both have
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from assembled_tracking import HARDLY_SEEN, Assembled, crossing_clip, read

import videdit
from videdit.evaluation import jaccard
from videdit.evaluation.clicks import next_click
from videdit.frames import Mask
from videdit.prompts import Moment
from videdit.shots import shot_at

NAMES = {1: "behind", 2: "front"}
NOT_AGAIN_FRAMES = 3
ENOUGH = 0.8


def write(clip: Assembled, folder: Path) -> None:
    """Write the frames of a clip as pictures."""
    folder.mkdir(parents=True)
    for index, frame in enumerate(clip.frames):
        cv2.imwrite(str(folder / f"{index:05d}.png"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))


def largest(clip: Assembled) -> dict[int, int]:
    """Return the most pixels of each object that a frame shows."""
    return {one: max(int(np.count_nonzero(masks[one])) for masks in clip.masks) for one in NAMES}


def scores(project: videdit.Project, clip: Assembled) -> tuple[dict[tuple[int, int], float], float]:
    """Return J of each object on each frame on which it is seen, and how much the masks overlap, in percent."""
    usual = largest(clip)
    found, both, either = {}, 0, 0
    for index in range(1, len(clip.frames)):
        masks = {one: project.track.union(index, [one]) for one in NAMES}
        both += np.count_nonzero(masks[1] & masks[2])
        either += np.count_nonzero(masks[1] | masks[2])
        for one, mask in masks.items():
            truth = clip.masks[index][one]
            if np.count_nonzero(truth) >= HARDLY_SEEN * usual[one]:
                found[one, index] = jaccard(mask, truth)
    return found, 100 * both / max(1, either)


def worst(
    found: dict[tuple[int, int], float], clip: Assembled, least: float, corrected: list[tuple[int, int]]
) -> tuple[int, int]:
    """Return the object and frame with the least J, not next to a frame on which that object was corrected."""
    usual = largest(clip)
    free = [
        (one, index)
        for one, index in found
        if np.count_nonzero(clip.masks[index][one]) >= least * usual[one]
        and not any(one == other and abs(index - at) < NOT_AGAIN_FRAMES for other, at in corrected)
    ]
    return min(free, key=lambda place: (found[place], place))


def put_right(project: videdit.Project, one: int, index: int, truth: Mask, clicks: int) -> None:
    """Click on an object on a frame until that was often enough, or the mask is about right."""
    mask, made = project.track.union(index, [one]), []
    shot = shot_at(project.shots(), index)
    while len(made) < clicks and jaccard(mask, truth) < ENOUGH:
        click = next_click(mask, truth, before=made)
        if click is None:
            break
        made.append(click)
        project.correct(replace(click, at=Moment(frame=index), object=NAMES[one]))
        pointed = next(some for some in project.pointed() if some.object_id == one)
        mask = project.stage().select(pointed, index, shot).mask


def measure(clip: Assembled, folder: Path, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Return J and overlap of one clip, before any correction and after each."""
    write(clip, folder / "frames")
    with videdit.open(folder / "frames", folder / "project") as project:
        engines = project.description.engines
        given = {} if options.weights is None else {"weights": str(options.weights.resolve())}
        project.decide(replace(project.description, engines=replace(engines, tracker="builtin", tracker_options=given)))
        for one, name in NAMES.items():
            project.mask(clip.masks[0][one], object=name)
        project.track_objects()
        found, overlap = scores(project, clip)
        means, overlaps = [100 * float(np.mean(list(found.values())))], [overlap]
        corrected: list[tuple[int, int]] = []
        for _ in range(options.corrections):
            one, index = worst(found, clip, options.seen, corrected)
            corrected.append((one, index))
            put_right(project, one, index, clip.masks[index][one], options.clicks)
            project.track_objects()
            found, overlap = scores(project, clip)
            means.append(100 * float(np.mean(list(found.values()))))
            overlaps.append(overlap)
    return means, overlaps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--sequences", default="", help="names with commas between; all if left out")
    parser.add_argument("--weights", type=Path, help="of the tracker's network, in place of those that come along")
    parser.add_argument("--steps", default="1,2", help="how many names on the object in front and the ground are")
    parser.add_argument("--corrections", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=5, help="on a frame, at most")
    parser.add_argument("--seen", type=float, default=0.5, help="least share of its largest area that is corrected")
    chosen = parser.parse_args()
    names = [name for name in chosen.sequences.split(",") if name]
    if not names:
        names = sorted(path.name for path in (chosen.data_dir / "JPEGImages/480p").iterdir() if path.is_dir())
    footage = [read(chosen.data_dir, name) for name in names]
    steps = [int(step) for step in chosen.steps.split(",")]
    rows = []
    for number, name in enumerate(names):
        other, ground = ((number + step) % len(names) for step in steps)
        clip = crossing_clip(footage[number], footage[other], footage[ground])
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(clip, Path(folder) / "clip", chosen))
        print(f"{name:18}{names[other]:18}{_line(*rows[-1])}", flush=True)
    means, overlaps = (np.mean(part, axis=0) for part in zip(*rows, strict=True))
    print(f"{'mean':36}{_line(means, overlaps)}")


def _line(means: list[float], overlaps: list[float]) -> str:
    return "J" + "".join(f"{one:7.1f}" for one in means) + "   overlaps" + "".join(f"{one:7.1f}" for one in overlaps)


if __name__ == "__main__":
    main()
