"""Looking for what a film's detections name: each shot is a job; who is who is settled when all are done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from videdit.batch.jobs import Job
from videdit.batch.planning import JOB_VERSION
from videdit.batch.results import MASKS_NAME, folder_of
from videdit.detections.stage import DetectionStage
from videdit.detections.steps import DetectionStep
from videdit.masks import MaskTrack
from videdit.progress import Report
from videdit.project import Project
from videdit.project.detecting import detection_stage, find_all
from videdit.shots import Shot
from videdit.tracking.keys import digest


class Looking:
    """The looking in one film; what its jobs find is brought together in the film's own track."""

    def __init__(self, project: Project, folder: Path) -> None:
        self._project = project
        self._folder = folder
        self._stage: DetectionStage = detection_stage(project)
        # A machine that lacks a file would choose another detector by itself.
        self.steps: tuple[DetectionStep, ...] = tuple(
            self._stage.chosen(step) for step in project.description.detections if step.boxes is None
        )

    def jobs(self, film: str, shots: Sequence[Shot]) -> list[Job]:
        """Return a job for each shot; none where nothing is to be looked for."""
        return [self._job(film, number, shot) for number, shot in enumerate(shots, 1)] if self.steps else []

    def _job(self, film: str, number: int, shot: Shot) -> Job:
        frames = Shot(shot.start, shot.stop)
        key = digest(JOB_VERSION, "look", [[step.stem, self._stage.search(step).key(shot)] for step in self.steps])
        return Job(key, film, number, "look", frames, frames)

    def is_done(self, job: Job) -> bool:
        """Return whether the film's track holds what such a job finds."""
        return all(self._stage.search(step).kept(self._project.track, job.frames) is not None for step in self.steps)

    def take(self, job: Job) -> None:
        """Bring what a job found into the film's track."""
        if self.is_done(job):
            return
        with MaskTrack.open(folder_of(self._folder, job) / MASKS_NAME, create=False) as made:
            for step in self.steps:
                self._stage.search(step).take(self._project.track, job.frames, made)

    def settle(self, shots: Iterable[Shot], report: Report) -> None:
        """Number what was found in these shots, and lay its masks into the film's track."""
        find_all(self._project, report, shots=list(shots), stage=self._stage)
