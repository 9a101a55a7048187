"""What a person asked a batch for; kept in the work folder, so that it need be said but once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from videdit.batch.results import write_synced
from videdit.batch.selection import Selection
from videdit.errors import OptionError, ProjectError
from videdit.plugins import AUTO
from videdit.runtime import Quality

REQUEST_NAME = "batch.json"
CHUNK_FRAMES = 500
OVERLAP_FRAMES = 50


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What is to be done to which films, and how.

    films:          films, or project folders, whose prompts, objects and shots then count
    pipeline:       a pipeline file; None takes the effects of the projects
    output:         the finished film, or a folder for several; None is a folder in the work folder
    shot_list:      shots to go by, in place of those a detector finds
    chunk_frames:   a shot that is longer is rendered by several jobs
    overlap_frames: how far effects look beyond such a job's frames
    encode:         settings of the encoder, over the pipeline's
    keep_going:     what failed does not stop the rest
    pass_failed:    a shot that failed is let through as it is
    """

    films: tuple[Path, ...]
    pipeline: Path | None = None
    output: Path | None = None
    overwrite: bool = False
    selection: Selection = field(default_factory=Selection)
    shot_list: Path | None = None
    shot_detector: str = AUTO
    chunk_frames: int = CHUNK_FRAMES
    overlap_frames: int = OVERLAP_FRAMES
    executor: str = AUTO
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    quality: Quality | None = None
    learned: bool | None = None
    encode: Mapping[str, Any] = field(default_factory=dict)
    keep_going: bool = False
    pass_failed: bool = False

    def check(self) -> Self:
        """Raise OptionError if it cannot be done as it is said."""
        if not self.films:
            raise OptionError("a batch needs a film")
        if self.chunk_frames < 1 or self.overlap_frames < 0:
            raise OptionError("--chunk is 1 or more, --overlap 0 or more")
        if len(self.films) > 1 and (self.output is not None and not self.output.is_dir()):
            raise OptionError(
                "several films do not fit into one file", where=str(self.output), next_step="name a folder that exists"
            )
        if len(self.films) > 1 and self.shot_list is not None:
            raise OptionError("a list of shots belongs to one film", next_step="leave --shot-list out")
        return self

    def write(self, work: Path) -> None:
        """Keep it in the work folder."""
        write_synced(work / REQUEST_NAME, asdict(self))


def read_request(work: Path) -> BatchRequest:
    """Return what the work folder was made for. Raises ProjectError if it is none."""
    path = work / REQUEST_NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        chosen = raw.pop("selection")
        for name in ("pipeline", "output", "shot_list"):
            raw[name] = None if raw[name] is None else Path(raw[name])
        selection = Selection(
            chosen["shots"], tuple(chosen["ranges"]), tuple(map(Path, chosen["lists"])), tuple(chosen["containing"])
        )
        films = tuple(map(Path, raw.pop("films")))
        return BatchRequest(films=films, selection=selection, **raw)
    except FileNotFoundError:
        raise ProjectError(
            "this is no work folder of a batch", where=str(work), next_step="name the folder that --work named"
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ProjectError(f"the batch's request cannot be read: {error}", where=str(path)) from error
