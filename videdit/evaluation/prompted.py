"""Masks of one frame from a true mask, a box around it, or clicks as a person would make them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from videdit.errors import BrokenPlugin, faults_of
from videdit.evaluation.clicks import Robot, next_click
from videdit.evaluation.costs import Meter
from videdit.evaluation.regions import jaccard
from videdit.frames import FrameSequence, Mask, Region
from videdit.prompts import Box, Click, Moment, Prompt
from videdit.segmenter import Hypothesis, Segmenter

Init: TypeAlias = Literal["mask", "box", "click"]


@dataclass(frozen=True, slots=True)
class Pointing:
    """How an object is shown to the program.

    init:   "mask", the true one; "box", the true mask's; "click", as a person would make them
    clicks: how many at most; fewer where nothing is left to correct
    undo:   whether of the answers to them the best counts, since a person takes a click back that makes it worse
    """

    init: Init = "mask"
    clicks: int = 1
    robot: Robot = "largest"
    undo: bool = False


def answer_box(segmenter: Segmenter, frames: FrameSequence, index: int, truth: Mask, meter: Meter) -> Hypothesis:
    """Return the best answer to the box of `truth`, (H, W) bool and not empty."""
    region = Region.of(truth)
    box = Box(region.x0, region.y0, region.x1, region.y1, at=Moment(frame=index))
    return _ask(segmenter, frames, index, [box], None, meter)


def answer_clicks(
    segmenter: Segmenter,
    frames: FrameSequence,
    index: int,
    truth: Mask,
    meter: Meter,
    *,
    pointing: Pointing,
    begin_with: Mask | None = None,
) -> Iterator[Hypothesis]:
    """Yield the best answer after each click, as long as something is wrong and clicks are left.

    truth:      (H, W) bool, not empty
    begin_with: (H, W) bool, the mask that the clicks correct; none at first if it is None or empty

    Each question carries all clicks so far and the answer before it.
    """
    previous = begin_with if begin_with is not None and begin_with.any() else None
    prompts: list[Click] = []
    for _ in range(pointing.clicks):
        shown = np.zeros_like(truth) if previous is None else previous
        click = next_click(shown, truth, robot=pointing.robot, before=prompts)
        if click is None:
            return
        prompts.append(Click(click.x, click.y, click.positive, at=Moment(frame=index)))
        answer = _ask(segmenter, frames, index, prompts, previous, meter)
        previous = answer.mask
        yield answer


def point_at(
    segmenter: Segmenter | None,
    frames: FrameSequence,
    index: int,
    truth: Mask,
    meter: Meter,
    *,
    pointing: Pointing,
    begin_with: Mask | None = None,
) -> Mask:
    """Return the mask (H, W) bool that the program gets of an object that `truth`, not empty, shows."""
    if pointing.init == "mask":
        return truth
    assert segmenter is not None
    if pointing.init == "box":
        return answer_box(segmenter, frames, index, truth, meter).mask
    mask: Mask = np.zeros_like(truth) if begin_with is None else begin_with
    for answer in answer_clicks(segmenter, frames, index, truth, meter, pointing=pointing, begin_with=begin_with):
        if not pointing.undo or jaccard(answer.mask, truth) > jaccard(mask, truth):
            mask = answer.mask
    return mask


def _ask(
    segmenter: Segmenter,
    frames: FrameSequence,
    index: int,
    prompts: list[Prompt] | list[Click] | list[Box],
    previous: Mask | None,
    meter: Meter,
) -> Hypothesis:
    with faults_of("the segmenter", f"frame {index}"), meter.running():
        answers = segmenter.segment(frames, index, prompts, previous)
    if not answers:
        raise BrokenPlugin("the segmenter gave no answer", where=f"frame {index}")
    return answers[0]
