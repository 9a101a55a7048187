"""Do jobs, one after the other, in a process that keeps the engines of a film from one to the next."""

from __future__ import annotations

import os
import platform
import shutil
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videdit.batch.jobs import FilmTask, Job, JobTask, Outcome
from videdit.batch.results import MASKS_NAME, SEGMENT_NAME, folder_of, read_result, write_result
from videdit.detections.stage import DetectionStage
from videdit.devices import is_out_of_memory, peak_memory_bytes
from videdit.errors import DiskFull, Interrupted, OutOfMemory, ProjectError, VideditError
from videdit.masks import MaskTrack
from videdit.media import SegmentWriter, VideoReader, open_video
from videdit.pipeline.film_layers import FilmLayers
from videdit.pipeline.render import render_chunk
from videdit.plugins import Plugins, Role
from videdit.progress import Report, silent
from videdit.project.fingerprint import fingerprint
from videdit.project.lock import FolderLock
from videdit.project.runtimes import runtime_for
from videdit.runtime import Options, Runtime
from videdit.tracking.drawn import DrawnStage
from videdit.tracking.keys import canonical
from videdit.tracking.ledger import made_fact
from videdit.tracking.reidentify.seeking import search_name
from videdit.tracking.stage import TrackingStage

# Whoever held a job before may have lost its parent, and takes a moment to notice.
_WAIT_FOR_ORPHAN_SECONDS = 60.0
_KEPT_ROLES = ("detector", "segmenter", "tracker")


@dataclass(frozen=True)
class WorkerMaker:
    """Makes a worker for a device; this is what is sent to where the work is done.

    folder: what relative paths in options are relative to
    report: is told of every frame where the worker runs in this process, and stays behind otherwise
    """

    plugins: Plugins
    folder: Path = field(default_factory=Path.cwd)
    report: Report = field(default=silent, compare=False)

    def __call__(self, device: str) -> JobWorker:
        if self.folder != Path.cwd():
            os.chdir(self.folder)
        return JobWorker(self.plugins, device, self.report)

    def __reduce__(self) -> tuple[object, ...]:
        return WorkerMaker, (self.plugins, self.folder)


class KeptEngines(Plugins):
    """Gives the same detector, segmenter and tracker out again: they promise to begin anew, and hold networks.

    Effects and fillers are kept by FilmLayers, where two of the same options must stay two.
    """

    def __init__(self, plugins: Plugins) -> None:
        self.__dict__.update(plugins.__dict__)
        self._kept: dict[str, Any] = {}

    def create(self, role: Role, name: str, options: Options | Mapping[str, Any] | None, runtime: Runtime) -> Any:
        if role not in _KEPT_ROLES:
            return super().create(role, name, options, runtime)
        given = options.model_dump(mode="json") if isinstance(options, Options) else dict(options or {})
        name_of_engine = canonical([role, name, given])
        if name_of_engine not in self._kept:
            self._kept[name_of_engine] = super().create(role, name, options, runtime)
        return self._kept[name_of_engine]


class JobWorker:
    """Does jobs. What fails is told in the outcome; only Interrupted is raised."""

    def __init__(self, plugins: Plugins, device: str, report: Report = silent) -> None:
        self._plugins = plugins
        self._device = device
        self._report = report
        self._film: _FilmAtWork | None = None

    def __call__(self, task: JobTask) -> Outcome:
        try:
            return self._film_of(task.film).do(task)
        except Interrupted:
            raise
        except Exception as error:
            # Engines that failed may be in any state; the next job makes new ones.
            self.close()
            return Outcome(
                _told(error, task.film.folder), traceback.format_exc(), process=_process(), peak_bytes=_peak()
            )

    def close(self) -> None:
        """Let go of the film and its engines."""
        film, self._film = self._film, None
        if film is not None:
            film.close()

    def _film_of(self, film: FilmTask) -> _FilmAtWork:
        if self._film is None or self._film.film != film:
            self.close()
            self._film = _FilmAtWork(film, self._plugins, self._device, self._report)
        return self._film


class _FilmAtWork:
    """One film, open, with its engines."""

    def __init__(self, film: FilmTask, plugins: Plugins, device: str, report: Report) -> None:
        self.film = film
        self._plugins = KeptEngines(plugins)
        self._device = device
        self._report = report
        self._notes: list[str] = []
        self._runtime = runtime_for(
            self._plugins, device=device, quality=film.quality, learned=film.learned, note=self._note
        )
        if fingerprint(film.source) != film.fingerprint:
            raise ProjectError("the film is not the one that the batch was planned for", where=str(film.source))
        self._reader: VideoReader = self._plugins.open_video(str(film.source), {}) or open_video(film.source)
        self._layers: FilmLayers | None = None

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def close(self) -> None:
        if self._layers is not None:
            self._layers.finish()
        self._reader.close()

    def do(self, task: JobTask) -> Outcome:
        folder = folder_of(self.film.folder, task.job)
        folder.mkdir(parents=True, exist_ok=True)
        with FolderLock(folder, wait_seconds=_WAIT_FOR_ORPHAN_SECONDS):
            found = read_result(folder, task.job.key)
            if found is not None:
                return found
            outcome = self._done(task, folder)
            write_result(folder, task.job.key, outcome)
        return outcome

    def _done(self, task: JobTask, folder: Path) -> Outcome:
        job = task.job
        self._notes.clear()
        seconds: dict[str, float] = {}
        reports: tuple[dict[str, object], ...] = ()
        sha256 = ""
        if job.kind == "render" and job.needs:
            # A copy: several machines reading one database over a network would need its locks to work there.
            shutil.copyfile(self._masks_of(job.needs[0]), folder / MASKS_NAME)
        with MaskTrack.open(folder / MASKS_NAME, size=self._reader.video.size) as track:
            track.put(task.given)
            if job.kind != "render":
                self._take_over(task, track, folder)
            began = time.perf_counter()
            if job.kind == "look":
                self._look(task, track)
                seconds["look"] = time.perf_counter() - began
            if job.kind in ("edit", "track"):
                self._track(task, track)
                seconds["track"] = time.perf_counter() - began
            if job.makes_pictures:
                began = time.perf_counter()
                reports, sha256 = self._render(job, track, folder)
                seconds["render"] = time.perf_counter() - began
        return Outcome(
            seconds={name: round(value, 3) for name, value in seconds.items()},
            reports=reports,
            notes=tuple(self._notes),
            peak_bytes=_peak(),
            process=_process(),
            sha256=sha256,
        )

    def _masks_of(self, key: str) -> Path:
        return folder_of(self.film.folder, key[:24]) / MASKS_NAME

    def _take_over(self, task: JobTask, track: MaskTrack, folder: Path) -> None:
        """Bring in the masks of other jobs, with the record that they are made."""
        for key, home in zip(task.job.needs, task.homes, strict=True):
            copy = folder / "needed.sqlite"
            shutil.copyfile(self._masks_of(key), copy)
            with MaskTrack.open(copy, create=False) as made, track.transaction():
                for object_id in made.object_ids():
                    track.put(made.entries(object_id, home.start, home.stop))
                    for fact in (made_fact(object_id, home), search_name(object_id, home)):
                        track.kv_set(fact, made.kv_get(fact))
            copy.unlink()

    def _look(self, task: JobTask, track: MaskTrack) -> None:
        stage = DetectionStage(
            reader=self._reader,
            source=self.film.fingerprint,
            track=track,
            plugins=self._plugins,
            runtime=self._runtime,
        )
        for step in task.steps:
            stage.look(step, [task.job.frames], report=self._report)

    def _track(self, task: JobTask, track: MaskTrack) -> None:
        source = self.film.fingerprint
        if self.film.engines.static:
            drawn = DrawnStage(source=source, size=track.size, track=track)
            drawn.run(task.pointed, [task.job.seen], report=self._report)
            return
        stage = TrackingStage(
            source=source,
            frames_of=self._reader.shot_frames,
            track=track,
            plugins=self._plugins,
            runtime=self._runtime,
            engines=self.film.engines,
        )
        shots = {(shot.start, shot.stop): shot for shot in (*task.homes, task.job.seen)}
        stage.run(task.pointed, sorted(shots.values()), report=self._report)

    def _render(self, job: Job, track: MaskTrack, folder: Path) -> tuple[tuple[dict[str, object], ...], str]:
        film = self.film
        layers = None if job.kind == "pass" else self._layers_for(track)
        with SegmentWriter(
            folder / SEGMENT_NAME, self._reader.video, film.settings, alpha=film.alpha, out=film.out
        ) as writer:
            render_chunk(
                self._reader,
                range(job.frames.start, job.frames.stop),
                writer,
                lambda index: () if layers is None else layers.of(job.seen),
                alpha=film.alpha,
                report=self._report,
            )
        assert writer.info is not None
        reports = () if layers is None else tuple(dict(one) for one in layers.report())
        return reports, writer.info.sha256

    def _layers_for(self, track: MaskTrack) -> FilmLayers:
        if self._layers is None:
            film = self.film
            ids, known = film.object_ids, film.known_ids
            self._layers = FilmLayers(self._reader, film.steps, ids, known, track, self._plugins, self._runtime)
        self._layers.take_masks_from(track)
        return self._layers


def _told(error: Exception, folder: Path) -> VideditError:
    if isinstance(error, VideditError):
        return error
    if (full := DiskFull.of(error, str(folder))) is not None:
        return full
    if is_out_of_memory(error):
        return OutOfMemory(
            "the memory does not suffice", next_step="use fewer workers, --quality draft, or shorter --chunk"
        )
    return VideditError(f"{type(error).__name__}: {error}", next_step="this is a bug; its trace is in the report")


def _process() -> str:
    return f"{platform.node()}:{os.getpid()}"


def _peak() -> int:
    return peak_memory_bytes() or 0
