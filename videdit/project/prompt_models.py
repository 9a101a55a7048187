"""Prompts as they stand in files: one table each, told apart by `kind`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from videdit.errors import OptionError
from videdit.prompts import DEFAULT_OBJECT, Box, Click, MaskPrompt, Moment, Phrase, Prompt, Stroke


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str = DEFAULT_OBJECT
    at: int | str = 0

    @field_validator("at")
    @classmethod
    def _readable(cls, value: int | str) -> int | str:
        try:
            Moment.parse(str(value))
        except OptionError as error:
            raise ValueError(str(error)) from error
        return value

    @property
    def moment(self) -> Moment:
        return Moment.parse(str(self.at))


class ClickModel(_Model):
    kind: Literal["click"] = "click"
    x: float
    y: float
    positive: bool = True

    def prompt(self, folder: Path) -> Prompt:
        return Click(self.x, self.y, self.positive, at=self.moment, object=self.object)


class BoxModel(_Model):
    kind: Literal["box"] = "box"
    x0: float
    y0: float
    x1: float
    y1: float

    def prompt(self, folder: Path) -> Prompt:
        return Box(self.x0, self.y0, self.x1, self.y1, at=self.moment, object=self.object)


class StrokeModel(_Model):
    kind: Literal["stroke"] = "stroke"
    points: tuple[tuple[float, float], ...]
    radius_px: float = 5.0
    positive: bool = True

    def prompt(self, folder: Path) -> Prompt:
        return Stroke(self.points, self.radius_px, self.positive, at=self.moment, object=self.object)


class MaskModel(_Model):
    kind: Literal["mask"] = "mask"
    path: str
    positive: bool = True

    def prompt(self, folder: Path) -> Prompt:
        return MaskPrompt(path=folder / self.path, positive=self.positive, at=self.moment, object=self.object)


class PhraseModel(_Model):
    kind: Literal["phrase"] = "phrase"
    text: str

    def prompt(self, folder: Path) -> Prompt:
        return Phrase(self.text, at=self.moment, object=self.object)


PromptModel: TypeAlias = Annotated[
    ClickModel | BoxModel | StrokeModel | MaskModel | PhraseModel, Field(discriminator="kind")
]


def model_of(prompt: Prompt, folder: Path) -> dict[str, Any]:
    """Return the table of a prompt; a mask's path is written relative to `folder` where it lies inside."""
    at: int | str = prompt.at.frame if prompt.at.frame is not None else str(prompt.at)
    table: dict[str, Any] = {"object": prompt.object, "at": at}
    if isinstance(prompt, Click):
        table |= {"kind": "click", "x": prompt.x, "y": prompt.y}
        return table if prompt.positive else table | {"positive": False}
    if isinstance(prompt, Box):
        return table | {"kind": "box", "x0": prompt.x0, "y0": prompt.y0, "x1": prompt.x1, "y1": prompt.y1}
    if isinstance(prompt, Stroke):
        points = [list(point) for point in prompt.points]
        table |= {"kind": "stroke", "points": points, "radius_px": prompt.radius_px}
        return table if prompt.positive else table | {"positive": False}
    if isinstance(prompt, Phrase):
        return table | {"kind": "phrase", "text": prompt.text}
    if prompt.path is None:
        raise OptionError("a mask that is only in memory has no place in a file", next_step="save it as a PNG first")
    path = prompt.path.resolve()
    inside = path.relative_to(folder.resolve()) if path.is_relative_to(folder.resolve()) else path
    table |= {"kind": "mask", "path": str(inside)}
    return table if prompt.positive else table | {"positive": False}
