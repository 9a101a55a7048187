"""What plug-ins offer, and what was found of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from videdit.errors import BrokenPlugin
from videdit.runtime import Options, Runtime

Role: TypeAlias = Literal["segmenter", "tracker", "detector", "filler", "effect", "shot_detector", "executor"]
ROLES: tuple[Role, ...] = ("segmenter", "tracker", "detector", "filler", "effect", "shot_detector", "executor")
AUTO = "auto"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Registration:
    """One thing a plug-in offers.

    factory:     called as factory(options, runtime); a class with that signature will do
    options:     its pydantic model
    checkpoints: names of the files it needs; all must be present for `auto` to take it
    rank:        `auto` takes the highest whose files are present; 0 and above is eligible, below 0 never
    plugin:      name of the plug-in that offers it
    finds:       words for what a detector of a fixed kind finds ("faces", "face"); empty if it takes any words
    """

    role: Role
    name: str
    factory: Callable[[Any, Runtime], Any]
    options: type[Options]
    checkpoints: tuple[str, ...]
    rank: int
    summary: str
    plugin: str
    finds: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """One plug-in, loaded or broken.

    source: distribution with version, or the file, or "this program"
    version: distinguishes what the source does not: of a file, a hash of its text
    checkpoint_tables: paths or texts of the TOML tables it brings
    error:  why it could not be used, in one line; empty if it could
    trace:  the whole traceback, for `videdit plugins -v`
    """

    name: str
    source: str
    version: str = ""
    hooks: list[str] = field(default_factory=list)
    offers: list[Registration] = field(default_factory=list)
    checkpoint_tables: list[str] = field(default_factory=list)
    error: str = ""
    trace: str = ""

    @property
    def title(self) -> str:
        """Its name and where it comes from, as errors say it."""
        return f"{self.name} ({self.source})"

    @property
    def key(self) -> str:
        """What changes when the plug-in may make something else of the same film."""
        return f"{self.title} {self.version}".rstrip()


def check_offer(role: Role, name: str, factory: object, options: object) -> None:
    """Raise BrokenPlugin if a registration cannot work, while it is known whose it is."""
    kind = role.replace("_", " ")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BrokenPlugin(f"{name!r} is no name for a {kind}")
    if not callable(factory):
        raise BrokenPlugin(f"the factory of the {kind} {name!r} is {type(factory).__name__}, which cannot be called")
    if not (isinstance(options, type) and issubclass(options, Options)):
        raise BrokenPlugin(f"the options of the {kind} {name!r} are no subclass of videdit.Options")
