"""Find what a project's detections name, and keep it as objects of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from videdit.detections.outlining import OutlineEngines
from videdit.detections.stage import DetectionStage, Found
from videdit.progress import Report
from videdit.shots import Shot

if TYPE_CHECKING:
    from videdit.project.project import Project


def detection_stage(project: Project) -> DetectionStage:
    """Return what looks for things in the project's film."""
    return DetectionStage(
        reader=project.reader,
        source=project.description.fingerprint,
        track=project.track,
        plugins=project.plugins,
        runtime=project.runtime(),
        engines=OutlineEngines(
            project.reader.shot_frames,
            lambda: project.stage().segmenter(),
            lambda: project.stage().make_tracker(),
            lambda: project.stage().describe(),
        ),
    )


def find_all(
    project: Project, report: Report, *, shots: Sequence[Shot] | None = None, stage: DetectionStage | None = None
) -> list[Found]:
    """Look, give everyone found an object, and lay the masks. See `Project.found`.

    shots: where to look; None is all of them
    """
    described = project.description
    if not described.detections:
        return []
    stage = detection_stage(project) if stage is None else stage
    shots = _shots(project, stage, report) if shots is None else shots
    results = []
    for step in described.detections:
        found = stage.find(step, shots, span=project.span, report=project.plugins.followed(report))
        objects = project.objects
        ids = {}
        for one in found.people:
            objects, named = objects.with_named(step.name(one.number))
            ids[one.number] = named.object_id
        project.adopt_objects(replace(objects, all=tuple(o for o in objects if _stays(step.number(o.name), ids))))
        stage.lay(found, ids, shots, report=project.plugins.followed(report))
        if not found.people:
            project.runtime().note(f"no {step.find} found")
        results.append(found)
    return results


def _shots(project: Project, stage: DetectionStage, report: Report) -> list[Shot]:
    """Return the shots; where they are not known yet, the first detection looks in the pass that finds them."""
    looking = [step for step in project.description.detections if step.boxes is None]
    if project.has_shots or not looking:
        return project.shots(report=report)
    shots = stage.find_shots(
        looking[0], project.shot_finder(), span=project.span, report=project.plugins.followed(report)
    )
    project.set_shots(shots)
    return project.shots()


def _stays(number: int | None, ids: dict[int, int]) -> bool:
    """Whether an object is none of the detection's, or one that is still found."""
    return number is None or number in ids
