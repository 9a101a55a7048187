"""What a plug-in's factory is told about the machine and the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

Quality: TypeAlias = Literal["draft", "standard", "best"]


class Options(BaseModel):
    """Base of every engine's and effect's options.

    Declare fields with a type, a default and `pydantic.Field(description=...)`. From that one declaration come the
    command-line flags, the keys of a pipeline file and the validation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_checkpoint(name: str) -> Path:
    # The default keeps engines that need no file independent of where files are kept.
    from videdit.errors import MissingCheckpoint

    raise MissingCheckpoint(f"no file for {name!r}", next_step=f"run `videdit checkpoints pull {name}`")


def _no_engine(role: str, name: str, options: Mapping[str, Any]) -> Any:
    from videdit.errors import UnknownPlugin

    raise UnknownPlugin(f"this runtime makes no engines, so no {role} {name!r}", next_step="use Plugins.runtime(...)")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Passed to every factory as the second argument.

    device:              "cpu", "cuda", "cuda:1" or "mps"; already resolved, never "auto"
    quality:             the ladder that engines may offer
    learned:             False asks engines to leave their small built-in networks out (`--no-learned`)
    memory_budget_bytes: what one engine may hold at most; None leaves it to the engine
    find_checkpoint:     name of a checkpoint -> path of the verified file; raises MissingCheckpoint
    make:                make("filler", "auto", {}) -> another engine, with this same runtime
    note:                takes one sentence for the person, for example that the engine stepped down
    """

    device: str = "cpu"
    quality: Quality = "standard"
    learned: bool = True
    memory_budget_bytes: int | None = None
    find_checkpoint: Callable[[str], Path] = field(default=_no_checkpoint, repr=False)
    make: Callable[[str, str, Mapping[str, Any]], Any] = field(default=_no_engine, repr=False)
    note: Callable[[str], None] = field(default=lambda sentence: None, repr=False)
