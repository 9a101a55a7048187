"""From a project to the finished film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videdit.errors import OptionError, UnknownPlugin
from videdit.media import EncodeSettings, plan_encoding
from videdit.pipeline.film_layers import FilmLayers
from videdit.pipeline.render import Rendered, render
from videdit.pipeline.steps import shaping_of
from videdit.plugins import AUTO
from videdit.progress import Report
from videdit.tracking.keys import digest, weights_of
from videdit.tracking.stage import check_inside

if TYPE_CHECKING:
    from videdit.project.project import Project

RENDERED_NAME = "rendered"

# Raised when the pipeline itself makes other pixels of the same masks and options.
RENDER_VERSION = 1


def save_film(
    project: Project, out: Path, *, settings: EncodeSettings | None, report: Report, overwrite: bool
) -> Rendered:
    """Track, render, join and verify. See `Project.save`."""
    described = project.description
    _check_output(project, out, overwrite)
    settings = settings if settings is not None else EncodeSettings.model_validate(dict(described.encode))
    layers = FilmLayers(
        project.reader,
        described.effects,
        [project.ids_of(step) for step in described.effects],
        project.objects.ids,
        project.track,
        project.plugins,
        project.runtime(),
        project.span,
    )
    # What cannot be written is refused before hours of work, not after.
    plan = plan_encoding(project.reader.video, settings, out=out, alpha=layers.transparent)
    for sentence in plan.notes:
        project.runtime().note(sentence)
    wants_objects = any(effect.where != "everywhere" for effect in layers.effects)
    if wants_objects and not project.objects.all and not described.detections:
        raise OptionError("nothing was pointed at", next_step="add --click, --box, --stroke or --mask")
    if wants_objects and not described.engines.static:
        check_inside([one for one in project.pointed() if one.prompts], project.span)
    project.track_objects(report=report)
    shots = project.shots(report=report)
    ids = [project.ids_of(step) for step in described.effects]
    layers.take_objects(ids, project.objects.ids)
    # The kind of file decides the codec, and with it the chunks' bytes.
    common = digest(what_determines(project, settings, layers, ids), out.suffix.lower())

    def key_of(frames: range) -> str:
        # An effect may look at its whole shot, so all masks of the shots that a chunk touches determine it.
        near = [shot for shot in shots if shot.start < frames.stop and frames.start < shot.stop]
        seen = [object_id for some in (*ids, *layers.other_ids) for object_id in some]
        masks = [project.track.digest(object_id, near[0].start, near[-1].stop) for object_id in seen]
        return digest(common, [frames.start, frames.stop], masks, [[shot.start, shot.stop] for shot in near])

    return render(
        project.reader,
        layers,
        shots,
        out,
        work=project.folder / RENDERED_NAME,
        key_of=key_of,
        settings=settings,
        span=project.span,
        report=project.plugins.followed(report),
    )


def _check_output(project: Project, out: Path, overwrite: bool) -> None:
    source = project.description.source
    if out.exists() and not overwrite:
        raise OptionError("the file exists", where=str(out), next_step="pass --overwrite, or name another file")
    if source is not None and out.exists() and source.exists() and out.samefile(source):
        raise OptionError("the result would overwrite its source", where=str(out), next_step="name another file")


def what_determines(
    project: Project, settings: EncodeSettings, layers: FilmLayers, ids: Sequence[Sequence[int]]
) -> str:
    """Return a hash of all that determines the pixels of every chunk, masks and shots apart."""
    described, plugins, runtime = project.description, project.plugins, project.runtime()
    steps: list[Any] = [
        [
            step.effect,
            plugins.source("effect", step.effect),
            effect.options.model_dump(mode="json"),
            weights_of(plugins.find("effect", step.effect), effect.options, runtime),
            shaping_of(step, effect).model_dump(mode="json"),
            list(some),
            list(others),
        ]
        for step, effect, some, others in zip(described.effects, layers.effects, ids, layers.other_ids, strict=True)
    ]
    fillers = [
        [plugins.source("filler", offer.name), weights_of(offer, offer.options(), runtime)]
        for offer in plugins.all("filler")
        if steps
    ]
    return digest(
        RENDER_VERSION,
        described.fingerprint,
        described.span,
        described.quality,
        described.learned,
        steps,
        fillers,
        _best_filler(project) if steps else "",
        plugins.mask_changers(),
        settings.model_dump(mode="json"),
    )


def _best_filler(project: Project) -> str:
    """Return which filler `auto` stands for: it changes when a checkpoint comes, and chunks of two must not mix."""
    try:
        return project.plugins.choose("filler", project.runtime(), AUTO)[0].name
    except UnknownPlugin:
        return ""
