"""Turn what a person pointed at into masks on the prompted frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from videdit.errors import NothingSelected, OptionError, OutsideFrame, faults_of
from videdit.frames import FrameSequence, Mask
from videdit.prompts import Box, Click, MaskPrompt, Phrase, Prompt, Stroke
from videdit.segmenter import Hypothesis, Segmenter
from videdit.tracking.keeping import kept_of, points_on


@dataclass(frozen=True, slots=True)
class Selected:
    """The mask that an object's prompts select on one frame.

    mask:  (H, W) bool, not empty
    score: the segmenter's estimate of its IoU, 1.0 for a mask that was given
    others: further answers, best first, for a person to choose from
    """

    mask: Mask
    score: float
    others: tuple[Hypothesis, ...] = ()


def check_prompt(prompt: Prompt, size: tuple[int, int], frame: int) -> None:
    """Raise OutsideFrame unless the prompt lies in a frame of `size` (height, width)."""
    height, width = size
    if isinstance(prompt, Click):
        points: Sequence[tuple[float, float]] = [(prompt.x, prompt.y)]
        what = "the click"
    elif isinstance(prompt, Stroke):
        points, what = prompt.points, "the stroke"
    elif isinstance(prompt, Box):
        # The right and bottom edges are exclusive, so they may equal the size.
        points, what = [(prompt.x0, prompt.y0), (np.nextafter(prompt.x1, 0), np.nextafter(prompt.y1, 0))], "the box"
    else:
        return
    for x, y in points:
        if not (0 <= x < width and 0 <= y < height):
            raise OutsideFrame(
                f"{what} at {x:g},{y:g} lies outside the picture of {width}x{height}",
                where=f"object {prompt.object!r}, frame {frame}",
                next_step=f"x runs from 0 to {width - 1}, y from 0 to {height - 1}",
            )


def load_mask(prompt: MaskPrompt, size: tuple[int, int], frame: int) -> MaskPrompt:
    """Return the prompt with its pixels, (H, W) bool; read from its file if it has none yet."""
    where = f"object {prompt.object!r}, frame {frame}"
    mask = prompt.mask
    if mask is None:
        import cv2

        assert prompt.path is not None
        if not prompt.path.is_file():
            raise OptionError("the mask file does not exist", where=str(prompt.path), next_step="name a PNG file")
        picture = cv2.imread(str(prompt.path), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise OptionError("the mask file is no picture", where=str(prompt.path), next_step="name a PNG file")
        # An alpha channel says nothing about the object unless it is all there is to see.
        mask = picture[..., : min(3, picture.shape[2])].any(axis=2) if picture.ndim == 3 else picture != 0
    if mask.shape != size:
        raise OutsideFrame(
            f"the mask is {mask.shape[1]}x{mask.shape[0]}, but the picture is {size[1]}x{size[0]}",
            where=where,
            next_step="draw the mask at the film's size",
        )
    if not mask.any():
        raise NothingSelected("the mask is empty", where=where, next_step="mark the object with any value above 0")
    return replace(prompt, mask=np.ascontiguousarray(mask, dtype=bool))


def select(
    segmenter: Callable[[], Segmenter], frames: FrameSequence, index: int, prompts: Sequence[Prompt], name: str
) -> Selected:
    """Return the mask that `prompts`, all of object `name` on frame `index`, select.

    segmenter: gives the segmenter, which costs time and memory to make; not asked for a mask prompt alone, which is
               taken as it is. It is shown no negative mask: that is cut out of what it answers, but for
               what lies around positive clicks inside of it, see `kept_of`

    Raises OutsideFrame, or NothingSelected if the answer is empty.
    """
    ready: list[Prompt] = []
    negative: list[Mask] = []
    for prompt in prompts:
        check_prompt(prompt, frames.size, index)
        if isinstance(prompt, Phrase):
            raise OptionError("a phrase is turned into boxes by a detector first", where=f"object {name!r}")
        if isinstance(prompt, MaskPrompt):
            prompt = load_mask(prompt, frames.size, index)
            if not prompt.positive:
                assert prompt.mask is not None
                negative.append(prompt.mask)
                continue
        ready.append(prompt)
    where = f"object {name!r}, frame {index}"
    if not any(_positive(prompt) for prompt in ready):
        raise NothingSelected(
            "there are only negative prompts", where=where, next_step="add a click, a stroke or a box on the object"
        )
    if len(ready) == 1 and isinstance(ready[0], MaskPrompt) and ready[0].mask is not None:
        answers = [Hypothesis(ready[0].mask, 1.0)]
    else:
        with faults_of("the segmenter", where):
            answers = segmenter().segment(frames, index, ready)
    if negative:
        points = points_on(ready)
        kept = np.any([kept_of(mask, points) for mask in negative], axis=0)
        answers = [replace(answer, mask=answer.mask & ~kept) for answer in answers]
    full = [answer for answer in answers if answer.mask.any()]
    if not full:
        raise NothingSelected(
            "the prompts select nothing",
            where=where,
            next_step="click nearer to the middle of the object, or draw a box",
        )
    return Selected(full[0].mask, full[0].score, tuple(full[1:]))


def _positive(prompt: Prompt) -> bool:
    return prompt.positive if isinstance(prompt, Click | Stroke | MaskPrompt) else True
