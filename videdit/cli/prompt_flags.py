"""Read prompts written as flags: `--click dog=320,240@12`, `--box 10,20,200,180@00:00:02.5`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from videdit.detections.steps import DetectionStep
from videdit.errors import OptionError
from videdit.prompts import DEFAULT_OBJECT, FIRST, Box, Click, MaskPrompt, Moment, Phrase, Prompt, Stroke

T = TypeVar("T")


def read_flags(
    *,
    clicks: Iterable[str] = (),
    not_clicks: Iterable[str] = (),
    boxes: Iterable[str] = (),
    strokes: Iterable[str] = (),
    not_strokes: Iterable[str] = (),
    masks: Iterable[str] = (),
    phrases: Iterable[str] = (),
) -> list[Prompt]:
    """Return the prompts; on each frame the ones that say where the object is stand before those that correct it.

    Raises OptionError that shows the flag and the form it should have.
    """
    prompts: list[Prompt] = []
    prompts += [_read(text, "--mask", "FILE.png", _mask) for text in masks]
    prompts += [_read(text, "--box", "LEFT,TOP,RIGHT,BOTTOM", _box) for text in boxes]
    prompts += [_read(text, "--stroke", "X,Y/X,Y/...", _stroke(True)) for text in strokes]
    prompts += [_read(text, "--click", "X,Y", _click(True)) for text in clicks]
    prompts += [_read(text, "--not-stroke", "X,Y/X,Y/...", _stroke(False)) for text in not_strokes]
    prompts += [_read(text, "--not", "X,Y", _click(False)) for text in not_clicks]
    prompts += [_read(text, "--find", "WORDS", _phrase) for text in phrases if "@" in text]
    return prompts


def read_finds(phrases: Iterable[str], *, faces: bool = False, **step: Any) -> list[DetectionStep]:
    """Return what is to be found in the whole film: the phrases without a moment, and faces if they are asked for.

    step: further fields of every one
    """
    steps = [DetectionStep("faces", **step)] if faces else []
    for text in phrases:
        if "@" in text:
            continue
        name, separator, words = text.partition("=")
        steps.append(DetectionStep(words, name, **step) if separator and name else DetectionStep(text, **step))
        if not steps[-1].find.strip():
            raise OptionError(f"--find {text!r} names nothing", next_step="write --find [NAME=]WORDS, such as faces")
    return steps


def _read(text: str, flag: str, form: str, make: Callable[[str, Moment, str], T]) -> T:
    body, at = text, FIRST
    try:
        head, separator, tail = text.rpartition("@")
        if separator:
            body, at = head, Moment.parse(tail)
        name, separator, rest = body.partition("=")
        return make(rest, at, name) if separator and name else make(body, at, DEFAULT_OBJECT)
    except (ValueError, OptionError) as error:
        reason = f": {error}" if isinstance(error, OptionError) else ""
        raise OptionError(
            f"{flag} {text!r} is not understood{reason}",
            next_step=f"write {flag} [NAME=]{form}[@FRAME or @TIME], for example @12 or @00:01:02.5",
        ) from None


def _numbers(text: str, count: int) -> list[float]:
    numbers = [float(part) for part in text.split(",")]
    if len(numbers) != count:
        raise ValueError(f"{count} numbers are needed")
    return numbers


def _click(positive: bool) -> Callable[[str, Moment, str], Prompt]:
    def make(body: str, at: Moment, name: str) -> Prompt:
        x, y = _numbers(body, 2)
        return Click(x, y, positive, at=at, object=name)

    return make


def _box(body: str, at: Moment, name: str) -> Prompt:
    x0, y0, x1, y1 = _numbers(body, 4)
    return Box(x0, y0, x1, y1, at=at, object=name)


def _stroke(positive: bool) -> Callable[[str, Moment, str], Prompt]:
    def make(body: str, at: Moment, name: str) -> Prompt:
        points = tuple((x, y) for x, y in (_numbers(one, 2) for one in body.split("/")))
        return Stroke(points, positive=positive, at=at, object=name)

    return make


def _mask(body: str, at: Moment, name: str) -> Prompt:
    return MaskPrompt(path=Path(body), at=at, object=name)


def _phrase(body: str, at: Moment, name: str) -> Prompt:
    return Phrase(body, at=at, object=name)
