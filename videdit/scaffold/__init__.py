"""Begin a plug-in: a package with one effect, its options and its test, ready to install."""

from __future__ import annotations

import re
from pathlib import Path

from videdit.errors import OptionError
from videdit.scaffold.templates import FILES

__all__ = ["new_plugin"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "videdit-"
_LONGEST = 40


def new_plugin(name: str, folder: str | Path = ".") -> list[Path]:
    """Write a package for an effect of that name into a new folder `videdit-NAME`, and return its files.

    name:   lower-case letters, digits and single hyphens; a leading "videdit-" is left out of the effect's name
    folder: where the new folder is made

    Raises OptionError if the name cannot be one, or the new folder is there already.
    """
    effect = name.removeprefix(_PREFIX)
    if not _NAME.fullmatch(effect) or len(effect) > _LONGEST:
        raise OptionError(
            f"{name!r} cannot be the name of an effect",
            next_step=f"use at most {_LONGEST} lower-case letters, digits and hyphens, such as soft-glow",
        )
    place = Path(folder) / f"{_PREFIX}{effect}"
    if not place.parent.is_dir():
        raise OptionError("the folder does not exist", where=str(place.parent), next_step="make it first")
    if place.exists():
        raise OptionError("it exists already", where=str(place), next_step="choose another name or folder")
    words = {
        "effect": effect,
        "distribution": place.name,
        "module": place.name.replace("-", "_"),
        "class": "".join(word.capitalize() for word in effect.split("-")),
    }
    made = {place / _filled(path, words): _filled(text, words) for path, text in FILES.items()}
    try:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OptionError(f"it cannot be written: {error.strerror}", where=str(error.filename)) from error
    return list(made)


def _filled(text: str, words: dict[str, str]) -> str:
    # Not str.format: the files are full of braces.
    for word, value in words.items():
        text = text.replace(f"<{word}>", value)
    return text
