"""What the network learns from: holes in films whose ground is known, and what the filler's views show there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from training.whole import write_whole
from videdit import ArrayFrames
from videdit.evaluation.davis import Davis, DavisSequence
from videdit.evaluation.holes import ObjectHoles, own_object
from videdit.filler import HoledFrames, MaskSequence
from videdit.frames import FrameSequence, Mask, Region
from videdit.media import open_video
from videdit.ops import MaskShaping
from videdit.ops.shaped_masks import shape_masks
from videdit.shots import Shot
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.cues import SQUARE_PX, around, cues_of, squares_of
from videdit_plugins.builtin.filler.engine import EFFORTS
from videdit_plugins.builtin.filler.fitting import Fit
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.filler.pictures import Pictures, WiderPictures
from videdit_plugins.builtin.filler.propagation import Propagation
from videdit_plugins.builtin.filler.remnants import Remnants
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.seams import rim_correction
from videdit_plugins.builtin.filler.views import View
from videdit_plugins.builtin.filler.weighing import Weigher
from videdit_plugins.builtin.filler.workers import Workers
from videdit_plugins.builtin.threads import one_thread
from videdit_plugins.remove.effect import Remove

Kind: TypeAlias = Literal["blacked", "mirrored", "pasted"]
KINDS: tuple[Kind, ...] = ("blacked", "mirrored", "pasted")
"""An object's shape blacked out, the same in the mirror, an object pasted in."""
FRAMES = 60
"""The first so many of a film."""
ASKED = {"blacked": 8, "mirrored": 8, "pasted": 6}
"""On so many of these, spread over them, a hole is learned from."""
BLACKED_SIZE = (240, 432)
LEAST_PX = 80
_SOFT_EDGE_PX = 0.7
_KEPT = 2 * FRAMES


@dataclass(frozen=True, slots=True)
class Lesson:
    """Squares of one hole, each of 4 x 4 pixels.

    cues:  (squares, views, cues) float16, as from `cues_of`
    near:  (squares, 9) int64, as from `around`
    which: (asked,) int64, the squares that hold a pixel to learn from; what follows is of these
    fit:   (asked, views, 16) float16, logarithm of the weights by the rules; minus infinity where a view is not used
    rgb:   (asked, views, 16, 3) uint8, what the views show, in the light of the frame
    goal:  (asked, 16, 3) float16, codes: what their average ought to be, before it is made to meet its surroundings
    asked: (asked, 16) bool, in the hole, seen, and not of the film's own object
    """

    cues: NDArray[np.float16]
    near: NDArray[np.int64]
    which: NDArray[np.int64]
    fit: NDArray[np.float16]
    rgb: NDArray[np.uint8]
    goal: NDArray[np.float16]
    asked: Mask


@dataclass(frozen=True, slots=True)
class Holed:
    """A film with holes.

    truth: truth(index) -> (H, W, 3) uint8, the film without
    own:   own(index) -> (H, W) bool, the film's own object, whose ground nobody knows
    """

    frames: FrameSequence
    holes: MaskSequence
    truth: Callable[[int], NDArray[np.uint8]]
    own: Callable[[int], Mask]


def blacked(sequence: DavisSequence, donor: DavisSequence, *, mirrored: bool = False) -> Holed:
    """Return a film that is black where another one's object would be, as it is measured, or its mirror image."""
    size = BLACKED_SIZE[::-1]
    truth = [cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8) for rgb in _read(sequence)]
    holes = ObjectHoles(donor, BLACKED_SIZE, len(truth), mirrored=mirrored)
    return Holed(
        HoledFrames(ArrayFrames(truth), holes),
        holes,
        truth.__getitem__,
        lambda index: own_object(sequence, index, BLACKED_SIZE),
    )


def pasted(sequence: DavisSequence, donor: DavisSequence, tracked: DavisSequence) -> Holed:
    """Return a film that another one's object was laid over by its true mask, to be removed by its tracked one."""
    truth, others = _read(sequence), _read(donor)
    size = truth[0].shape[0], truth[0].shape[1]
    true, rough = (ObjectHoles(masks, size, len(truth), growth=1) for masks in (donor, tracked))
    shown = []
    for index, rgb in enumerate(truth):
        other = cv2.resize(others[true.donor_index(index)], size[::-1], interpolation=cv2.INTER_AREA)
        alpha = cv2.GaussianBlur(true[index].astype(np.float32), (0, 0), _SOFT_EDGE_PX)[..., None]
        shown.append(np.rint(rgb * (1 - alpha) + other * alpha).astype(np.uint8))
    shaping = MaskShaping.model_validate({**Remove.shaping, "specks": "0"})
    return Holed(
        ArrayFrames(shown),
        shape_masks(rough, Shot(0, len(truth), "start"), shaping),
        truth.__getitem__,
        lambda index: own_object(sequence, index, size),
    )


def _read(sequence: DavisSequence) -> list[NDArray[np.uint8]]:
    with open_video(sequence.folder) as reader:
        frames = reader.shot_frames(Shot(0, len(sequence), "start"))
        return [frames[index].rgb8 for index in range(len(sequence))]


class _Recorder(Weigher):
    """Keeps what the network would be asked, and changes nothing."""

    def __init__(self) -> None:
        super().__init__(())
        self.asked: tuple[Fit, list[View], NDArray[np.uint8], Mask, Mask] | None = None

    def factors(self, fit, views, rgb, known, where):  # type: ignore[no-untyped-def]
        self.asked = fit, list(views), rgb, known, where
        return np.ones_like(fit.weights)


def lessons(holed: Holed, asked: int) -> Iterator[Lesson]:
    """Yield what there is to learn from `asked` frames of a film."""
    frames, shot = holed.frames, holed.frames.shot
    effort, reach = EFFORTS["standard"], FillerOptions().reach_frames
    scale = Scale.of(frames.size, effort.height_px)
    given = Pictures(frames, holed.holes, scale, _KEPT)
    camera = Camera(given, shot)
    remnants = Remnants(shot, given, given, camera, reach)
    pictures = WiderPictures(given, remnants.__getitem__, _KEPT)
    recorder, workers = _Recorder(), Workers()
    propagation = Propagation(shot, pictures, camera, reach, effort, recorder)
    for index in sorted({round(place) for place in np.linspace(2, len(frames) - 3, asked)}):
        recorder.asked = None
        with one_thread():
            propagation.prepare([index], workers)
            draft = propagation.draft(index)
            if draft is None or recorder.asked is None:
                continue
            lesson = _lesson(
                *recorder.asked, *(_small(plane, draft.box, scale) for plane in (holed.truth(index), holed.own(index)))
            )
        if np.count_nonzero(lesson.asked) >= LEAST_PX:
            yield lesson


def _small(plane: NDArray[np.uint8] | Mask, box: Region, scale: Scale) -> NDArray[np.uint8]:
    """Return a box of a frame or of a mask at the small size; any share of the mask counts."""
    values = plane.view(np.uint8) * np.uint8(255) if plane.dtype == np.bool_ else plane
    return np.asarray(cv2.resize(values, scale.small[::-1], interpolation=cv2.INTER_AREA))[box.slices]


def _lesson(
    fit: Fit,
    views: list[View],
    rgb: NDArray[np.uint8],
    known: Mask,
    where: Mask,
    truth: NDArray[np.uint8],
    own: NDArray[np.uint8],
) -> Lesson:
    squares = squares_of(where)
    cues = cues_of(fit, views, rgb, known, squares)
    total = fit.weights.sum(axis=0)
    shares = fit.weights / np.maximum(total, np.float32(1e-20))
    mean = np.einsum("vhw,vhwc->hwc", shares, fit.rgb.astype(np.float32))
    seam = rim_correction(mean, rgb.astype(np.float32), (total > 0) & known)
    with np.errstate(divide="ignore"):
        logarithms = np.log(fit.weights)
    asked = _cut((total > 0) & ~known & (own == 0), squares)
    which = np.flatnonzero(asked.any(axis=1))
    return Lesson(
        cues.astype(np.float16),
        around(squares),
        which,
        np.stack([_cut(plane, squares)[which] for plane in logarithms], axis=1).astype(np.float16),
        np.stack([_cut(plane, squares)[which] for plane in fit.rgb], axis=1),
        _cut(truth - seam, squares)[which].astype(np.float16),
        asked[which],
    )


def _cut(plane: NDArray[Any], squares: Mask) -> NDArray[Any]:
    """Return the pixels of chosen squares of a plane (h, w) or (h, w, C): (squares, 16) or (squares, 16, C)."""
    rows, columns = squares.shape
    missing = ((0, rows * SQUARE_PX - plane.shape[0]), (0, columns * SQUARE_PX - plane.shape[1]))
    whole = np.pad(plane, (*missing, *[(0, 0)] * (plane.ndim - 2)))
    parted = whole.reshape(rows, SQUARE_PX, columns, SQUARE_PX, *plane.shape[2:]).swapaxes(1, 2)
    return parted[squares].reshape(-1, SQUARE_PX**2, *plane.shape[2:])


def gather(davis: Davis, names: list[str], masks: Path | None, kept: Path, tell: Callable[[str], None]) -> list[Lesson]:
    """Make the lessons of all pairs of `names`, or read those that `kept` has already.

    masks: folder of folders of tracked masks, by film; None leaves out what is pasted
    tell:  is told of each pair
    """
    kept.mkdir(parents=True, exist_ok=True)
    found: list[Lesson] = []
    for kind in KINDS if masks is not None else KINDS[:2]:
        for name, other in ((one, two) for one in names for two in names if one != two):
            path = kept / f"{kind}-{name}-{other}.npz"
            if not path.exists():
                film, donor = davis.sequence(name, FRAMES), davis.sequence(other)
                if kind != "pasted" or masks is None:
                    holed = blacked(film, donor, mirrored=kind == "mirrored")
                else:
                    holed = pasted(film, donor, Davis(davis.images, masks).sequence(other))
                write_whole(path, partial(_write, list(lessons(holed, ASKED[kind]))))
            some = _read_lessons(path)
            tell(f"{path.stem}: {len(some)} holes")
            found += some
    return found


def _write(made: list[Lesson], path: Path) -> None:
    named = {
        f"{number}/{field.name}": getattr(one, field.name) for number, one in enumerate(made) for field in fields(one)
    }
    with path.open("wb") as file:
        np.savez(file, **named)


def _read_lessons(path: Path) -> list[Lesson]:
    names = [field.name for field in fields(Lesson)]
    with np.load(path) as arrays:
        count = len({name.partition("/")[0] for name in arrays.files})
        return [Lesson(*(arrays[f"{number}/{name}"] for name in names)) for number in range(count)]
