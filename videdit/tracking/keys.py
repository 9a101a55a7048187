"""What determines the masks of a piece, as one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from videdit.checkpoints import file_digest
from videdit.errors import CheckpointError
from videdit.plugins import Registration
from videdit.prompts import MaskPrompt, Moment, Prompt
from videdit.runtime import Options, Runtime
from videdit.tracking.pieces import Piece

# Raised when the stage itself changes what it makes of the same prompts.
STAGE_VERSION = 3


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(*values: Any) -> str:
    """Return the SHA-256 of the canonical form of `values`, in hex."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def weights_of(offer: Registration, options: Options, runtime: Runtime) -> dict[str, str]:
    """Return the SHA-256 of each file of weights that an engine may load, by the checkpoint's name or the file's path.

    Those it is registered with, and those an option names; one that is not there makes no difference to the result.
    """
    values = list(options.model_dump().values())
    named = [value for value in values if isinstance(value, str)]
    found = {str(path): file_digest(path) for path in values if isinstance(path, Path) and path.is_file()}
    for name in sorted({*offer.checkpoints, *named}):
        try:
            found[name] = file_digest(runtime.find_checkpoint(name))
        except CheckpointError:
            continue
    return found


def prompt_facts(prompt: Prompt) -> dict[str, Any]:
    """Return what a prompt says, without the name of its object (renaming changes no mask)."""
    facts: dict[str, Any] = {"kind": type(prompt).__name__}
    for field in fields(prompt):
        if field.name == "object":
            continue
        value = getattr(prompt, field.name)
        if isinstance(value, Moment):
            value = str(value)
        elif field.name == "mask":
            value = None if value is None else hashlib.sha256(value.tobytes()).hexdigest()
        elif field.name == "path":
            # The file's contents count, so that a mask drawn anew is tracked anew.
            drawn = isinstance(prompt, MaskPrompt) and prompt.mask is None and value is not None and value.is_file()
            value = hashlib.sha256(value.read_bytes()).hexdigest() if drawn else None
        elif isinstance(value, int) and not isinstance(value, bool):
            value = float(value)  # a file reads 8 back as 8.0
        elif isinstance(value, tuple):
            value = [[float(x), float(y)] for x, y in value]
        facts[field.name] = value
    return facts


def piece_key(source: str, piece: Piece, prompts: Mapping[int, Sequence[Prompt]], engines: Mapping[str, Any]) -> str:
    """Return the key of one piece: equal keys mean that there is nothing to make again.

    source:  fingerprint of the film
    prompts: frame index -> the object's prompts there, in order; those of the piece's bounds count
    engines: names, versions and options of what makes the masks
    """
    told = {str(index): [prompt_facts(one) for one in prompts[index]] for index in piece.bounds}
    return digest(STAGE_VERSION, source, piece.kind, piece.start, piece.stop, told, engines)
