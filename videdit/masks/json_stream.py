"""Reading a large JSON object piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from videdit.errors import ProjectError

_CHUNK_CHARACTERS = 1 << 18
_BLANK = " \t\r\n"
_AFTER_A_VALUE = (*_BLANK, ",", ":", "]", "}")


def read_members(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield what a file's JSON object holds: each element of its arrays as (name, element), the rest as (name, value).

    No more than one element is in memory. Raises ProjectError if the file is not one JSON object.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _members(_Text(file, path))
    except OSError as error:
        raise ProjectError(f"cannot be read ({error.strerror or error})", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ProjectError("this is no JSON file", where=str(path)) from error


def _members(text: _Text) -> Iterator[tuple[str, Any]]:
    text.take("{")
    if text.peek() == "}":
        return
    while True:
        name = text.value()
        if not isinstance(name, str):
            raise text.damaged()
        text.take(":")
        if text.peek() == "[":
            for element in _elements(text):
                yield name, element
        else:
            yield name, text.value()
        if text.peek() == "}":
            return
        text.take(",")


def _elements(text: _Text) -> Iterator[Any]:
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield text.value()
        if text.peek() == "]":
            text.take("]")
            return
        text.take(",")


class _Text:
    """A window on the file that moves on as values are taken."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._window = ""
        self._at = 0
        self._ended = False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Return the next character that is not blank; "" at the end of the file."""
        while True:
            while self._at < len(self._window) and self._window[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._window):
                return self._window[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise self.damaged()
        self._at += 1

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self.damaged() from error
                continue
            # A number may go on beyond the window: "0." begins with 0.
            if self._window[end : end + 1] not in _AFTER_A_VALUE and self._more():
                continue
            self._at = end
            return value

    def damaged(self) -> ProjectError:
        return ProjectError("this is no JSON object, or it is cut short", where=str(self._path))

    def _more(self) -> bool:
        if self._ended:
            return False
        # What is left is read again with each step, so the steps grow with it.
        chunk = self._file.read(max(_CHUNK_CHARACTERS, len(self._window) - self._at))
        self._ended = not chunk
        self._window = self._window[self._at :] + chunk
        self._at = 0
        return bool(chunk)
