"""Open the films of a batch, each in a folder of its own, and refuse what cannot be done before anything is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from videdit.batch.film import BatchFilm
from videdit.batch.jobs import Job, Outcome, Place
from videdit.batch.request import BatchRequest
from videdit.batch.results import folder_of, read_result
from videdit.errors import OptionError, VideditError
from videdit.plugins import Plugins
from videdit.progress import Report, silent
from videdit.project.lock import FolderLock
from videdit.runtime import Runtime

FINISHED_FOLDER = "finished"


@dataclass(slots=True)
class Opened:
    """The films of a batch; `broken` are those that cannot be worked on, by name, with where they were to go."""

    films: list[BatchFilm] = field(default_factory=list)
    broken: dict[str, tuple[Path, VideditError]] = field(default_factory=dict)


@contextmanager
def opened(
    work: Path, request: BatchRequest, plugins: Plugins, runtime: Runtime, report: Report = silent
) -> Iterator[Opened]:
    """Open the films, each in its folder inside `work`, and find their shots. Nobody else may be at work there.

    Raises what is wrong with a film, unless the request says to keep going.
    """
    request.check()
    work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(FolderLock(work))
        result = Opened()
        for source, name in zip(request.films, names_of(request.films), strict=True):
            out = _output(work, source, name, request)
            try:
                film = BatchFilm(source, work / name, out, request, plugins, runtime)
                stack.callback(film.close)
                _check_output(film, request)
                result.films.append(film)
            except VideditError as error:
                if not request.keep_going:
                    raise
                result.broken[name] = out, error
        for film in list(result.films):
            try:
                film.look(report)
            except VideditError as error:
                if not request.keep_going:
                    raise
                result.films.remove(film)
                result.broken[film.name] = film.out, error
        yield result


def results_of(film: BatchFilm, jobs: Iterable[Job]) -> dict[Place, Outcome]:
    """Return what came of those jobs that are done, by (film, id)."""
    done: dict[Place, Outcome] = {}
    for job in jobs:
        outcome = read_result(folder_of(film.folder, job), job.key)
        if outcome is None and job.kind == "look" and film.looked(job):
            outcome = Outcome()
        if outcome is not None:
            done[film.name, job.id] = outcome
    return done


def names_of(films: Sequence[Path]) -> list[str]:
    """Return a name for each film, its own where no other has the same."""
    names: list[str] = []
    for film in films:
        stem = film.resolve().stem
        name, number = stem, 1
        while name in names or name == FINISHED_FOLDER:
            number += 1
            name = f"{stem}-{number}"
        names.append(name)
    return names


def _output(work: Path, source: Path, name: str, request: BatchRequest) -> Path:
    if request.output is not None and not request.output.is_dir():
        if not request.output.parent.is_dir():
            raise OptionError("the folder for the result does not exist", where=str(request.output.parent))
        return request.output
    folder = request.output if request.output is not None else work / FINISHED_FOLDER
    folder.mkdir(exist_ok=True)
    return folder / f"{name}{source.suffix if source.is_file() else '.mp4'}"


def _check_output(film: BatchFilm, request: BatchRequest) -> None:
    out, source = film.out, film.project.description.source
    if not out.exists():
        return
    if source is not None and source.exists() and out.samefile(source):
        raise OptionError("the result would overwrite its source", where=str(out), next_step="name another file")
    if not request.overwrite and not film.is_ours():
        raise OptionError("the file exists", where=str(out), next_step="pass --overwrite, or name another file")
