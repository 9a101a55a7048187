"""The report of a film: what was done to each shot, with what, and what a person should look at."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import videdit
from videdit.batch.film import BatchFilm, Finished
from videdit.batch.jobs import Job, Outcome
from videdit.batch.report_page import ShotFacts, page
from videdit.batch.results import write_text_synced
from videdit.batch.scheduling import WorkedOff
from videdit.devices import peak_memory_bytes
from videdit.errors import VideoError
from videdit.masks.overlay import draw_overlay
from videdit.media import VideoReader, open_video
from videdit.project.reviewing import to_review
from videdit.shots import Shot

REPORT_NAME = "report.html"
_THUMBNAIL_PX = 320
_JPEG_QUALITY = 80


def write_report(
    film: BatchFilm,
    jobs: Sequence[Job],
    worked: WorkedOff,
    outcomes: Mapping[str, Outcome],
    finished: Finished | None,
) -> Path:
    """Write the page beside the film's masks; return where.

    jobs: those that make the film, or were to
    """
    project = film.project
    failed = {place[1]: error for place, error in worked.failed.items() if place[0] == film.name}
    passed = {job.id for place, job in worked.passed.items() if place[0] == film.name}
    shots = list(_shots(film, jobs, outcomes, failed, passed, finished))
    doubtful = to_review(project.track, project.objects)
    times = [pts * project.reader.video.time_base for pts in project.reader.timestamps]
    text = page(
        title=film.name,
        facts=_facts(film, jobs, outcomes, finished),
        shots=shots,
        objects=project.summary(),
        doubtful=[{**row, "seconds": float(times[row["frame"]] - times[0])} for row in doubtful],
        failures=sorted({str(error) for error in failed.values()}),
        traces=sorted({trace for place, trace in worked.traces.items() if trace and place[0] == film.name}),
        effects=[
            (step.effect, dict(step.options), figures)
            for step, figures in zip(film.task.steps, finished.reports if finished else [{}] * 99, strict=False)
        ],
    )
    path = film.folder / REPORT_NAME
    write_text_synced(path, text)
    return path


def _facts(
    film: BatchFilm, jobs: Sequence[Job], outcomes: Mapping[str, Outcome], finished: Finished | None
) -> list[tuple[str, str]]:
    video = film.project.reader.video
    seconds: dict[str, float] = {}
    for one in outcomes.values():
        for stage, value in one.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + value
    peak = max([one.peak_bytes for one in outcomes.values()], default=0)
    processes = {one.process for one in outcomes.values() if one.process}
    height, width = video.size
    rows = [
        ("Film", f"{video.path}: {width}x{height}, {video.frame_count} frames, {float(video.duration_seconds):.1f} s"),
        ("Result", f"{film.out}: {finished.verified.sentence}" if finished else "not finished"),
        ("Jobs", f"{len(jobs)}, done by {len(processes)} {'process' if len(processes) == 1 else 'processes'}"),
        ("Time", ", ".join(f"{stage} {value:.1f} s" for stage, value in seconds.items()) or "none"),
        ("Memory", f"at most {peak / 2**20:.0f} MiB in a worker, {(peak_memory_bytes() or 0) / 2**20:.0f} MiB here"),
    ]
    return [*rows, ("Made with", f"videdit {videdit.__version__}"), *_engines(film)]


def _engines(film: BatchFilm) -> list[tuple[str, str]]:
    rows = []
    if film.task.engines.static:
        rows.append(("Masks", "as they were drawn, on every frame"))
    elif film.project.description.prompts:
        for role in ("segmenter", "tracker"):
            name, source, options, weights = film.describe()[role]
            rows.append((role.capitalize(), f"{name}, of {source}{_said(options)}{_said(weights)}"))
    plugins = film.project.plugins
    for step in film.detectors:
        rows.append(
            ("Detector", f"{step.detector}, of {plugins.source('detector', step.detector)}{_said(step.options)}")
        )
    rows += [(f"Effect {step.effect}", plugins.source("effect", step.effect)) for step in film.task.steps]
    quality = f"{film.task.quality}{'' if film.task.learned else ', without learned parts'}"
    return [*rows, ("Quality", quality), ("Encoder", _said(film.task.settings.model_dump()).strip(", "))]


def _said(values: Mapping[str, Any]) -> str:
    return "".join(f", {name} {value}" for name, value in values.items() if value not in (None, "", {}, []))


def _shots(
    film: BatchFilm,
    jobs: Sequence[Job],
    outcomes: Mapping[str, Outcome],
    failed: Mapping[str, Any],
    passed: set[str],
    finished: Finished | None,
) -> Iterator[ShotFacts]:
    reader, track = film.project.reader, film.project.track
    times = [float(pts * reader.video.time_base) for pts in reader.timestamps]
    end = times[0] + float(reader.video.duration_seconds)
    seconds = _seconds_by_shot(jobs, outcomes)
    with ExitStack() as stack:
        made: VideoReader | None = None
        if finished is not None and film.out.is_file():
            try:
                made = stack.enter_context(open_video(film.out))
            except VideoError:
                made = None  # a kind of file that videdit writes and does not read
        for job in jobs:
            if not job.makes_pictures:
                continue
            middle = (job.frames.start + job.frames.stop) // 2
            edited = job.kind != "pass"
            state = "failed" if job.id in failed else "edited" if edited else "passed through"
            objects = {}
            for one in film.project.objects if edited else ():
                entries = list(track.entries(one.object_id, job.frames.start, job.frames.stop))
                there = [entry for entry in entries if not entry.mask.empty]
                if there:
                    objects[one.name] = len(there), sum(entry.score < 0.5 for entry in there)
            yield ShotFacts(
                number=job.number,
                frames=job.frames,
                start_seconds=times[job.frames.start] - times[0],
                stop_seconds=(times[job.frames.stop] if job.frames.stop < len(times) else end) - times[0],
                state="failed, passed through" if job.id in passed else state,
                why=job.why,
                seconds=seconds.pop((job.number, job.seen.start), {}) | outcomes.get(job.id, Outcome()).seconds,
                objects=objects,
                before=_thumbnail(reader, middle, film if edited else None),
                after=_thumbnail(made, middle, None) if made is not None and edited else "",
            )


def _seconds_by_shot(jobs: Sequence[Job], outcomes: Mapping[str, Outcome]) -> dict[tuple[int, int], dict[str, float]]:
    """Return what looking and tracking took, done for whole shots, to be told in the row of their first part."""
    seconds: dict[tuple[int, int], dict[str, float]] = {}
    for job in jobs:
        if not job.makes_pictures and job.id in outcomes:
            seconds.setdefault((job.number, job.seen.start), {}).update(outcomes[job.id].seconds)
    return seconds


def _thumbnail(reader: VideoReader, index: int, film: BatchFilm | None) -> str:
    """Return a frame as a small JPEG in a data address, with the masks of `film` drawn in."""
    frames = reader.shot_frames(Shot(index, index + 1), cache_bytes=0)
    rgb: NDArray[np.uint8] = frames[index].rgb8
    frames.close()
    if film is not None:
        names = {one.object_id: one.name for one in film.project.objects}
        masks = {number: entry.mask for number, entry in film.project.track.at(index, list(names)).items()}
        rgb = draw_overlay(rgb, masks, names)
    height, width = rgb.shape[:2]
    size = (_THUMBNAIL_PX, max(1, round(_THUMBNAIL_PX * height / width)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"
