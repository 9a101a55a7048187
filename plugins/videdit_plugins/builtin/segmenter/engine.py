"""The built-in segmenter: prompts to masks without a download."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.errors import OutsideFrame, PromptError, ShapeError
from videdit.frames import FrameSequence, Mask
from videdit.prompts import Box, Click, MaskPrompt, Prompt, Stroke
from videdit.runtime import Runtime
from videdit.segmenter import Hypothesis, Segmenter
from videdit_plugins.builtin.ground import Ground
from videdit_plugins.builtin.segmenter import boxed, choosing, contour, cutting, evidence
from videdit_plugins.builtin.segmenter.belief import Belief, Cut, Weights, believe, settled
from videdit_plugins.builtin.segmenter.motion import OFFSETS, residual_motion
from videdit_plugins.builtin.segmenter.neighbours import LADDER, ground_around
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.segmenter.planes import planes
from videdit_plugins.builtin.segmenter.pointing import Pointing, lay_out, shrink
from videdit_plugins.builtin.threads import beside, between_two, one_thread

if TYPE_CHECKING:
    from videdit_plugins.builtin.segmenter.learned import CloseLook, Word

WORKING_AREA_PX = 240 * 427
"""Frames with more pixels are shrunk to this many: 240 rows of a 16:9 film."""
_CLICK_RADIUS_PX = 4
_FRAMES_KEPT = 3
_ANSWERS_KEPT = 64
_COMPARED = 3
"""Corrections up to which a previous answer is told from one that came from elsewhere."""
_NOTHING_STANDS_OUT = 0.3
"""Score of a whole box, where everything in it is like what lies outside."""
_SAME = 0.95
"""Masks that overlap more than this are one hypothesis, not two."""


_Picture: TypeAlias = NDArray[np.uint8]
"""(H, W, 3), RGB, at the working size."""
_Kept: TypeAlias = tuple[NDArray[np.uint8], float]
"""A mask as packed bits, an eighth of its size, and its score."""


@dataclass(frozen=True, slots=True)
class _View:
    """What is known of one frame before anyone points at it."""

    seen: evidence.Picture
    edges: cutting.Edges
    guide: contour.Guide

    @property
    def full(self) -> tuple[int, int]:
        return self.guide.rgb.shape[0], self.guide.rgb.shape[1]


class _Near(Mapping[int, NDArray[np.uint8]]):
    """The nearest frames in grey, by their offset; those after the frame are waited for when one is asked for."""

    def __init__(
        self, offsets: Sequence[int], before: Mapping[int, _Picture], after: Future[dict[int, _Picture]]
    ) -> None:
        self._offsets, self._before, self._after = offsets, before, after

    def __getitem__(self, offset: int) -> NDArray[np.uint8]:
        return _gray(self._before[offset] if offset < 0 else self._after.result()[offset])

    def __iter__(self) -> Iterator[int]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)


class BuiltinSegmenter(Segmenter):
    """Colour, edges and optical flow in one graph cut, and a small network's word unless `--no-learned` is given.

    The frames around `index` show what moves unlike the camera; the prompts show which of it, and in which colours.
    Answers depend on the frames, the prompts and `previous` alone. Several prompts without `previous` are answered
    one after the other, as if each had been a correction.
    """

    def __init__(self, options: SegmenterOptions, runtime: Runtime) -> None:
        self._options = options
        self._views: OrderedDict[int, _View] = OrderedDict()
        self._answers: OrderedDict[Hashable, list[_Kept]] = OrderedDict()
        self._weights = Weights()
        self._look: CloseLook | None = None
        if runtime.learned:
            from videdit_plugins.builtin.segmenter.learned import WEIGHTS, CloseLook

            self._look = CloseLook(runtime.device, [options.weights] if options.weights else WEIGHTS)

    def segment(
        self, frames: FrameSequence, index: int, prompts: Sequence[Prompt], previous: Mask | None = None
    ) -> list[Hypothesis]:
        """Return masks for the prompts, best first. See `Segmenter.segment`.

        Of several boxes the last one counts; several masks are joined. Mask prompts alone are the answer; clicks and
        strokes after them correct it. Clicked and painted pixels are always on the side that was asked for.

        Raises PromptError when there is nothing to go by, OutsideFrame when a prompt misses the picture, and
        ShapeError when a mask is not of the frame's size.
        """
        _check(prompts, previous, frames.size, index)
        view = self._view(frames, index)
        if previous is None:
            previous = self._chained(view, index, prompts[:-1])
        return self._answer(view, index, prompts, previous)

    def _chained(self, view: _View, index: int, prompts: Sequence[Prompt]) -> Mask | None:
        """Answer the prompts one after the other and return the last answer; None without prompts."""
        previous: Mask | None = None
        for count in range(1, len(prompts) + 1):
            previous = self._answer(view, index, prompts[:count], previous)[0].mask
        return previous

    def _loyalty(self, view: _View, index: int, prompts: Sequence[Prompt], previous: Mask) -> float:
        """Say how far `previous` is to be believed.

        What the prompts before the last one alone lead to is a guess that grows better with each of them. Anything
        else comes from elsewhere, a tracker, a person's own choice or brush, and is nearly right. Comparing needs
        those answers, kept or made again; after some prompts the difference is small and not worth it.
        """
        corrections = len(prompts) - 1
        if any(isinstance(prompt, MaskPrompt) for prompt in prompts):
            return self._weights.trusted
        if corrections <= _COMPARED:
            own = self._chained(view, index, prompts[:-1])
            if own is None or not np.array_equal(own, previous):
                return self._weights.trusted
        return self._weights.previous + self._weights.previous_step * (corrections - 1)

    def _answer(self, view: _View, index: int, prompts: Sequence[Prompt], previous: Mask | None) -> list[Hypothesis]:
        key = (index, tuple(prompts), _digest(prompts, previous))
        if key in self._answers:
            self._answers.move_to_end(key)
            return [Hypothesis(_unpacked(bits, view.full), score) for bits, score in self._answers[key]]
        loyalty = 0.0 if previous is None else self._loyalty(view, index, prompts, previous)
        answer = self._fresh_answer(view, prompts, previous, loyalty)
        self._answers[key] = [(np.packbits(one.mask), one.score) for one in answer]
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return answer

    def _fresh_answer(
        self, view: _View, prompts: Sequence[Prompt], previous: Mask | None, loyalty: float
    ) -> list[Hypothesis]:
        painted = [prompt.mask for prompt in prompts if isinstance(prompt, MaskPrompt) and prompt.mask is not None]
        exact = lay_out(prompts, view.full, view.full, 0)
        if isinstance(prompts[-1], MaskPrompt) and painted:
            # A finished mask is taken at its word; only what was said by hand elsewhere still holds.
            return [Hypothesis(_obeying(np.logical_or.reduce(painted), exact, boxed=False), 1.0)]
        # An empty answer says nothing of the object's colours or place.
        small = shrink(previous, view.seen.size) > 0.5 if previous is not None and previous.any() else None
        pointing = lay_out(prompts, view.full, view.seen.size, _CLICK_RADIUS_PX)
        if small is None and pointing.box is None and not pointing.inside.any():
            return [Hypothesis(np.zeros(view.full, bool), 0.0)]
        belief = self._believe(view, pointing, small, loyalty, partial(cutting.best_cut, edges=view.edges))
        first_click = small is None and pointing.inside.any()
        word = self._word(view, pointing, belief, small, loyalty, closely=not first_click)
        if _box_alone(pointing, small):
            belief, masks, merits = _boxed(view, pointing, belief, word)
            if not any(mask.any() for mask in masks):
                # Whoever draws a box means something in it: all of it, with little trust, is of more use than nothing.
                return [Hypothesis(_obeying(np.ones(view.full, bool), exact), _NOTHING_STANDS_OUT)]
        else:
            belief, masks, merits = self._clicked(view, pointing, belief, small, word)
            if first_click and word is not None:
                # The window was laid, and colours compared, by a guess made without the network: once more by its own.
                found = masks[choosing.rank(merits, pointing)[0]]
                belief = self._believe(view, pointing, None, loyalty, lambda _: found)
                word = self._word(view, pointing, belief, None, loyalty, closely=True)
                belief, masks, merits = self._clicked(view, pointing, belief, None, word)
        shown: list[Mask] = []
        trusts: list[float] = []
        trust = 1.0
        for number in choosing.rank(merits, pointing):
            if len(shown) == self._options.hypotheses:
                break
            if any(choosing.overlap(masks[number], other) > _SAME for other in shown):
                continue
            shown.append(masks[number])
            trust = min(trust, choosing.confidence(merits[number], small is not None, learned=word is not None))
            trusts.append(trust)
        with one_thread():
            full = between_two([partial(contour.to_full_size, mask, belief.field, view.guide) for mask in shown])
        return [Hypothesis(_obeying(mask, exact), trust) for mask, trust in zip(full, trusts, strict=True)]

    def _believe(self, view: _View, pointing: Pointing, previous: Mask | None, loyalty: float, cut: Cut) -> Belief:
        return believe(view.seen, pointing, previous, loyalty, cut, self._weights)

    def _clicked(
        self, view: _View, pointing: Pointing, belief: Belief, previous: Mask | None, word: Word | None
    ) -> tuple[Belief, list[Mask], list[choosing.Merits]]:
        """Return the belief with the network's word added, its cuts, and what they are worth."""
        if word is not None:
            field = belief.field + self._weights.learned * word.odds
            belief = replace(belief, field=settled(field, pointing, belief.box))
        masks = cutting.candidates(belief.field, view.edges, pointing, previous)
        return belief, masks, _merits(view, masks, belief, pointing, previous, word)

    def _word(
        self, view: _View, pointing: Pointing, belief: Belief, previous: Mask | None, loyalty: float, *, closely: bool
    ) -> Word | None:
        """Ask the network about where the object seems to be."""
        if self._look is None:
            return None
        region = pointing.box or self._look.region_of(belief.guess, pointing.inside)
        if region.empty:
            return None
        shown = planes(view.seen, pointing, belief, previous, loyalty)
        return self._look.word(shown, region, closely=closely)

    def _view(self, frames: FrameSequence, index: int) -> _View:
        if index not in self._views:
            self._views[index] = self._fresh_view(frames, index)
            if len(self._views) > _FRAMES_KEPT:
                self._views.popitem(last=False)
        self._views.move_to_end(index)
        return self._views[index]

    def _fresh_view(self, frames: FrameSequence, index: int) -> _View:
        size = working_size(frames.size)
        looked_at = {0}
        if self._options.motion:
            looked_at |= {*OFFSETS, *LADDER, *(-distance for distance in LADDER)}
        offsets = sorted(offset for offset in looked_at if index + offset in frames.shot)

        def read(first: int, last: int) -> dict[int, NDArray[np.uint8]]:
            there = (offset for offset in offsets if first <= offset <= last)
            return {offset: _resized(frames[index + offset].rgb8, size) for offset in there}

        # A film is read upwards: going back costs decoding from the key frame on once more.
        small = read(-LADDER[-1], -1)
        pixels = frames[index].rgb8
        here = _resized(pixels, size)
        later = beside(partial(read, 1, LADDER[-1]))

        def compared() -> Ground:
            return ground_around(here, small | later.result())

        # The number of threads is this thread's to set and to put back: see `one_thread`.
        with one_thread():
            ground, guide = beside(compared), beside(partial(contour.guide, pixels, here))
            near = [offset for offset in OFFSETS if offset in offsets]
            motion = residual_motion(_gray(here), _Near(near, small, later))
            seen = evidence.picture(here, motion, ground.result())
            return _View(seen, cutting.edges_of(seen), guide.result())


def working_size(full: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a grid of at most WORKING_AREA_PX pixels in the shape of `full`; never larger."""
    scale = min(1.0, float(np.sqrt(WORKING_AREA_PX / (full[0] * full[1]))))
    return max(1, round(full[0] * scale)), max(1, round(full[1] * scale))


def _box_alone(pointing: Pointing, previous: Mask | None) -> bool:
    return previous is None and pointing.box is not None and not pointing.inside.any()


def _merits(
    view: _View, masks: list[Mask], belief: Belief, pointing: Pointing, previous: Mask | None, word: Word | None
) -> list[choosing.Merits]:
    return choosing.merits(masks, belief, view.edges, pointing, previous, word)


def _boxed(
    view: _View, pointing: Pointing, belief: Belief, word: Word | None
) -> tuple[Belief, list[Mask], list[choosing.Merits]]:
    """Return the belief in a box alone, its cuts, and what they are worth."""

    def cut(belief: Belief) -> tuple[list[Mask], list[choosing.Merits]]:
        masks = cutting.candidates(belief.field, view.edges, pointing, None, boxed.BIASES, boxed.LINK_SHARE)
        return masks, _merits(view, masks, belief, pointing, None, word)

    def choose(belief: Belief) -> tuple[list[Mask], int]:
        masks, merits = cut(belief)
        return masks, choosing.rank(merits, pointing)[0]

    odds = None if word is None else word.odds
    belief = boxed.look_into_box(view.seen, pointing, belief, odds, choose)
    return belief, *cut(belief)


def _resized(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return cast(NDArray[np.uint8], cv2.resize(rgb, size[::-1], interpolation=cv2.INTER_AREA))


def _gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cast(NDArray[np.uint8], cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))


def _obeying(mask: Mask, exact: Pointing, *, boxed: bool = True) -> Mask:
    """Return `mask` with every pixel that was pointed at on its side, and nothing outside the box."""
    obeyed = mask.copy()
    if boxed and exact.box is not None:
        obeyed[:] = False
        obeyed[exact.box.slices] = mask[exact.box.slices]
    obeyed[exact.inside] = True
    obeyed[exact.outside] = False
    return obeyed


def _unpacked(bits: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    return cast(Mask, np.unpackbits(bits, count=size[0] * size[1]).reshape(size).astype(bool))


def _digest(prompts: Sequence[Prompt], previous: Mask | None) -> str:
    """Name the pixels that came with a question; prompts compare by their numbers alone."""
    digest = hashlib.sha256()
    for prompt in prompts:
        if isinstance(prompt, MaskPrompt) and prompt.mask is not None:
            digest.update(np.packbits(prompt.mask).tobytes())
    digest.update(b"none" if previous is None else np.packbits(previous).tobytes())
    return digest.hexdigest()


def _check(prompts: Sequence[Prompt], previous: Mask | None, size: tuple[int, int], index: int) -> None:
    where = f"frame {index}"
    if not prompts:
        raise PromptError("nothing was pointed at", where=where, next_step="give a click, a box, a stroke or a mask")
    if previous is not None and previous.shape != size:
        raise ShapeError(f"the previous mask is {previous.shape}, the frame {size}", where=where)
    for prompt in prompts:
        _check_one(prompt, size, where)


def _check_one(prompt: Prompt, size: tuple[int, int], where: str) -> None:
    height, width = size
    if isinstance(prompt, MaskPrompt):
        if prompt.mask is None:
            raise PromptError("the mask prompt's file has not been read", where=where, next_step="give its pixels")
        if prompt.mask.shape != size:
            raise ShapeError(f"the mask prompt is {prompt.mask.shape}, the frame {size}", where=where)
        return
    if isinstance(prompt, Click):
        hit, name = 0 <= prompt.x <= width and 0 <= prompt.y <= height, f"the click {prompt.x:g},{prompt.y:g}"
    elif isinstance(prompt, Stroke):
        reach = prompt.radius_px
        hit = any(-reach < x < width + reach and -reach < y < height + reach for x, y in prompt.points)
        name = "the stroke"
    elif isinstance(prompt, Box):
        hit, name = prompt.x0 < width and prompt.y0 < height and prompt.x1 > 0 and prompt.y1 > 0, "the box"
    else:
        raise PromptError(
            "the built-in segmenter does not read phrases", where=where, next_step="choose a detector for them"
        )
    if not hit:
        raise OutsideFrame(
            f"{name} lies outside the picture", where=where, next_step=f"the picture is {width}x{height}"
        )
