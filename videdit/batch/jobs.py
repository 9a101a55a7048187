"""The jobs of a film: what is done on its own, kept as a file of its own, and never done twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from videdit.detections.steps import DetectionStep
from videdit.errors import VideditError
from videdit.masks import MaskEntry
from videdit.media import EncodeSettings
from videdit.pipeline.steps import EffectStep
from videdit.runtime import Quality
from videdit.shots import Shot
from videdit.tracking.stage import Engines, Pointed

JOBS_NAME = "jobs"

Place: TypeAlias = tuple[str, str]
"""A job among all of a batch: its film and its id."""

Kind: TypeAlias = Literal["look", "edit", "track", "render", "pass"]
"""look: what detectors find in a shot; edit: masks and pictures of a whole shot; track: masks alone; render: pictures
by masks that are made already; pass: the source's own pictures."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work on one film.

    key:      hash of all that determines the result: of equal keys one is done
    film:     name of the film's folder
    number:   of the shot, from 1
    frames:   what it makes
    seen:     what trackers and effects may look at; holds `frames`, and lies inside one shot
    needs:    keys of the jobs whose masks it takes; they have to be done before
    why:      one clause for the person, where a shot is passed through
    """

    key: str
    film: str
    number: int
    kind: Kind
    frames: Shot
    seen: Shot
    needs: tuple[str, ...] = ()
    why: str = ""

    @property
    def id(self) -> str:
        """The key's beginning: long enough to tell jobs apart, short enough for a folder."""
        return self.key[:24]

    @property
    def makes_pictures(self) -> bool:
        """Whether a part of the finished film comes of it."""
        return self.kind not in ("look", "track")

    @property
    def title(self) -> str:
        """For the person: "shot 7, frames 120..179"."""
        return f"shot {self.number}, frames {self.frames.start}..{self.frames.stop - 1}"


@dataclass(frozen=True, slots=True)
class FilmTask:
    """What all jobs of a film have in common, ready to be sent to another machine.

    folder:     the film's folder inside the work folder
    object_ids: for each step, the ids of the objects it is for
    known_ids:  those of all objects of the film
    out:        the finished film; its ending decides the codec
    alpha:      the finished film has an alpha channel
    """

    folder: Path
    source: Path
    fingerprint: str
    engines: Engines
    quality: Quality
    learned: bool
    steps: tuple[EffectStep, ...]
    object_ids: tuple[tuple[int, ...], ...]
    known_ids: tuple[int, ...]
    settings: EncodeSettings
    out: Path
    alpha: bool


@dataclass(frozen=True, slots=True)
class JobTask:
    """A job with all it takes to do it.

    pointed: the objects that have prompts in it, and those that are looked for in it, with prompts elsewhere
    homes:   where those prompts are, in the order of the job's needs
    given:   masks in it that are made already
    steps:   what is to be looked for, each with the detector that was chosen
    """

    job: Job
    film: FilmTask
    pointed: tuple[Pointed, ...] = ()
    homes: tuple[Shot, ...] = ()
    given: tuple[MaskEntry, ...] = ()
    steps: tuple[DetectionStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    error, trace: why it failed, for the person and for the author; None and "" if it did not
    seconds:      by stage: "look", "track", "render"
    reports:      each effect's figures
    peak_bytes:   the most memory its process has held so far
    """

    error: VideditError | None = None
    trace: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    reports: tuple[dict[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    peak_bytes: int = 0
    process: str = ""
    sha256: str = ""

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())
