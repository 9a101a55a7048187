"""Remove the object from all DAVIS sequences and clips, and lay before and after side by side for a person to look at.

    python benchmarks/removal_sheets.py DATA_DIR OUT_DIR [--only camel,dog.mp4] [--places 4] [--quality standard]
    python benchmarks/removal_sheets.py DATA_DIR OUT_DIR --only FIVE --tracker WEIGHTS --weigher WEIGHTS

The DAVIS sequences are prompted with the true mask of their first frame and tracked to their end, the clips with the
prompts of `footage.py` and tracked for `--frames` frames. Sequences that the networks have learned from want those that
have not. Then two neighbouring frames are removed at each of some places spread over the film, with all that the film
shows, as `videdit remove` would. One sheet for each film, a place a column:

1. the frame, the mask as tracked in red, what was changed, rim and shadow included, in green
2. the frame as removed
3. how the fill differs from that of the next frame, moved back along the motion, eight-fold: flicker is bright
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from footage import BOXES, CLICKS, STAYING
from numpy.typing import NDArray

import videdit
from videdit.frames import Mask
from videdit.ops import optical_flow
from videdit.pipeline.edited import EditedFrames
from videdit.pipeline.film_layers import FilmLayers
from videdit.prompts import DEFAULT_OBJECT
from videdit.shots import Shot, shot_at

WIDTH_PX = 480
GAIN = 8
Picture = NDArray[np.uint8]


def sources(data: Path) -> dict[str, Path]:
    """Return the films by name: sequences first, clips as NAME.mp4."""
    sequences = sorted((data / "davis" / "JPEGImages" / "480p").iterdir())
    return {path.name: path for path in sequences} | {f"{name}.mp4": data / "clips" / f"{name}.mp4" for name in BOXES}


def tracked(source: Path, folder: Path, options: argparse.Namespace) -> videdit.Project:
    """Return a project in which the film's object was pointed at and tracked."""
    project = videdit.open(source, folder)
    engines = project.description.engines
    if options.tracker is not None:
        engines = replace(engines, tracker_options={"weights": str(options.tracker.resolve())})
    project.decide(replace(project.description, quality=options.quality, engines=engines))
    if len(project.objects):
        pass
    elif source.is_dir():
        project.mask(source.parents[2] / "Annotations" / "480p" / source.name / "00000.png")
    else:
        project.limit(0, min(options.frames, project.reader.frame_count))
        project.box(*BOXES[source.stem])
        for x, y in CLICKS.get(source.stem, []):
            project.click(x, y)
        if options.staying:
            project.box(*STAYING[source.stem], object="staying")
    filler = {} if options.weigher is None else {"weights": str(options.weigher.resolve())}
    removal = {"check": False, "filler": "builtin", "filler_options": filler}
    project.replace_effects([videdit.EffectStep("remove", removal, objects=(DEFAULT_OBJECT,))])
    return project.track_objects()


def sheet(project: videdit.Project, places: int) -> Picture:
    """Remove the object on pairs of frames and return the sheet."""
    span = project.span or Shot(0, project.reader.frame_count)
    steps = project.description.effects
    layers = FilmLayers(
        project.reader,
        steps,
        [project.ids_of(step) for step in steps],
        project.objects.ids,
        project.track,
        project.plugins,
        project.runtime(),
        project.span,
    )
    columns = []
    for number in range(places):
        index = span.start + (2 * number + 1) * (len(span) - 1) // (2 * places)
        shot = shot_at(project.shots(), index)
        frames = project.reader.shot_frames(shot)
        edited = EditedFrames(frames, layers.of(shot))
        before, after = frames[index].rgb8, edited[index].rgb8
        following = edited[min(index + 1, shot.stop - 1)].rgb8
        mask = project.track.union(index, project.ids_of(steps[0]))
        columns.append(column(before, after, following, mask, f"frame {index}"))
    layers.finish()
    return np.hstack(columns)


def column(before: Picture, after: Picture, following: Picture, mask: Mask, title: str) -> Picture:
    """Return one place of the sheet."""
    changed = (before != after).any(axis=2)
    marked = before.copy()
    for shape, colour in ((changed, (0, 255, 0)), (mask, (255, 0, 0))):
        closed = cv2.morphologyEx(shape.view(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(marked, outlines, -1, colour, 2)
    cv2.putText(marked, title, (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (255, 255, 0), 3)
    flow = optical_flow(*(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (after, following)))
    y, x = np.indices(mask.shape, np.float32)
    moved = cv2.remap(following, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flicker = np.where(changed[..., None], cv2.absdiff(after, moved), 0).astype(np.float32) * GAIN
    rows = [marked, after, np.clip(flicker, 0, 255).astype(np.uint8)]
    height = round(WIDTH_PX * before.shape[0] / before.shape[1])
    return np.vstack([cv2.resize(row, (WIDTH_PX, height), interpolation=cv2.INTER_AREA) for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="", help="names, separated by commas; clips end in .mp4")
    parser.add_argument("--places", type=int, default=4, help="columns of a sheet")
    parser.add_argument("--frames", type=int, default=60, help="of a clip")
    parser.add_argument("--quality", default="standard", choices=["draft", "standard", "best"])
    parser.add_argument("--staying", action="store_true", help="point at who has to stay in the clips as well")
    parser.add_argument("--tracker", type=Path, help="weights of its network; those it comes with by default")
    parser.add_argument("--weigher", type=Path, help="weights of the filler's; those it comes with by default")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, source in sources(arguments.data).items():
        if arguments.only and name not in arguments.only.split(","):
            continue
        began = time.process_time()
        folder = arguments.out / f"{name}.project"
        with tracked(source, folder, arguments) as project:
            known = time.process_time()
            picture = sheet(project, arguments.places)
        cv2.imwrite(str(arguments.out / f"{name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        ended = time.process_time()
        print(f"{name}: tracked in {known - began:.0f} s, removed in {ended - known:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main()
