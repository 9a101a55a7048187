"""Remove, blur and background on real footage, end to end, with a contact sheet for each film.

    python benchmarks/footage.py DATA_DIR OUT_DIR [--frames 40] [--only dog,camel] [--effects remove,blur]

The clips under DATA_DIR/clips are prompted with a box on frame 0, the DAVIS sequences with the true mask of frame 0.
Effects are applied to the first `--frames` frames; the whole film is written and verified in any case. One project
serves the three effects of a film, so it is tracked once.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.media import open_video
from videdit.shots import Shot

BOXES = {
    "dog": (450, 375, 705, 600),
    "juggle": (612, 282, 692, 368),
    "bedroom": (310, 8, 520, 420),
    "dance": (290, 240, 810, 1080),
}
# What a person adds after a look at the preview: the dog's white parts are as light as the ground.
CLICKS = {"dog": [(500, 420), (535, 490), (640, 520), (690, 450)]}
# Who else is there, beside the object or behind it, and has to stay.
STAYING = {
    "dog": (225, 212, 450, 560),
    "juggle": (600, 45, 838, 678),
    "bedroom": (140, 130, 295, 410),
    "dance": (770, 235, 1080, 1080),
}
SEQUENCES = ("blackswan", "camel", "car-shadow", "breakdance")
EFFECTS: dict[str, dict[str, str]] = {"remove": {}, "blur": {}, "background": {"behind": "#20a040"}}
COLUMNS, WIDTH_PX = 6, 360


def strip(film: Path, frames: int) -> NDArray[np.uint8]:
    """Return some of the first frames of a film side by side."""
    with open_video(film) as reader:
        shown = reader.shot_frames(Shot(0, reader.frame_count))
        chosen = [min(frames - 1, reader.frame_count - 1) * k // (COLUMNS - 1) for k in range(COLUMNS)]
        height = round(WIDTH_PX * shown.size[0] / shown.size[1])
        pieces = [cv2.resize(shown[index].rgb8, (WIDTH_PX, height), interpolation=cv2.INTER_AREA) for index in chosen]
        return np.hstack(pieces).astype(np.uint8)


def run(name: str, source: Path, out: Path, frames: int, effects: list[str]) -> None:
    """Track once, apply each effect, and write the contact sheet."""
    with videdit.open(source, out / f"{name}.project") as project:
        project.limit(0, min(frames, project.reader.frame_count))
        if not project.description.prompts:
            if name in BOXES:
                project.box(*BOXES[name])
                for x, y in CLICKS.get(name, []):
                    project.click(x, y)
            else:
                project.mask(source.parents[2] / "Annotations" / "480p" / name / "00000.png")
        began = time.perf_counter()
        project.track_objects()
        tracked = time.perf_counter() - began
        rows = [strip(source, frames)]
        for effect in effects:
            began = time.perf_counter()
            film = out / f"{name}-{effect}.mp4"
            rendered = project.replace_effects([videdit.EffectStep(effect, EFFECTS[effect])]).save(film)
            seconds = time.perf_counter() - began
            print(f"{name} {effect}: tracked {tracked:.0f} s, rendered {seconds:.0f} s; {rendered.verified.sentence}")
            rows.append(strip(film, frames))
    sheet = np.vstack(rows)
    cv2.imwrite(str(out / f"{name}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--only", default="")
    parser.add_argument("--effects", default=",".join(EFFECTS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sources = {name: arguments.data / "clips" / f"{name}.mp4" for name in BOXES}
    sources |= {name: arguments.data / "davis" / "JPEGImages" / "480p" / name for name in SEQUENCES}
    for name, source in sources.items():
        if not arguments.only or name in arguments.only.split(","):
            run(name, source, arguments.out, arguments.frames, arguments.effects.split(","))


if __name__ == "__main__":
    main()
