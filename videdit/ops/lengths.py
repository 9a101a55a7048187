"""Lengths that people write: pixels, or a part of the picture's height."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator

_LENGTH = re.compile(r"^([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*(px|%)?$")


def _as_text(value: object) -> object:
    # A number in a pipeline file means pixels.
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else value


def _signed(text: str) -> str:
    if _LENGTH.match(text.strip()) is None:
        raise ValueError(f"{text!r} is no length; write pixels (4, 4px) or a part of the picture's height (1.5%)")
    return text.strip()


def _not_negative(text: str) -> str:
    if _signed(text).startswith("-"):
        raise ValueError(f"{text!r} is below 0")
    return text.strip()


SignedLength: TypeAlias = Annotated[str, BeforeValidator(_as_text), AfterValidator(_signed)]
"""A field of options: "4", "4px", "1.5%" of the picture's height, or one of these with a minus."""
Length: TypeAlias = Annotated[str, BeforeValidator(_as_text), AfterValidator(_not_negative)]
"""A field of options: "4", "4px" or "1.5%" of the picture's height; never negative."""


def length_px(length: str, height_px: float) -> float:
    """Return a length in pixels; `height_px` is what its percentages are of. Raises ValueError if it is no length."""
    match = _LENGTH.match(_signed(length))
    assert match is not None
    number = float(match[1])
    return number / 100 * height_px if match[2] == "%" else number
