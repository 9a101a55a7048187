"""What is to be done to a film: by the pipeline file, and by the project if the film is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from videdit.batch.request import BatchRequest
from videdit.errors import OptionError
from videdit.project import Description, read_description
from videdit.project.folder import DESCRIPTION_NAME
from videdit.prompts import MaskPrompt


def described_film(source: Path, request: BatchRequest) -> tuple[Path, Description]:
    """Return the film and what is to be done to it."""
    own = source / DESCRIPTION_NAME
    pipeline = read_description(request.pipeline) if request.pipeline is not None else Description()
    film = source
    if own.is_file():
        project = read_description(own)
        assert project.source is not None
        film = project.source
        if request.pipeline is None:
            pipeline = project
        else:
            # Prompts name places in one film: the project's own count, and the pipeline's only where it has none.
            pointed = project if project.prompts else pipeline
            pipeline = replace(pipeline, prompts=pointed.prompts, objects=pointed.objects)
            pipeline = replace(
                pipeline,
                effects=pipeline.effects or project.effects,
                detections=pipeline.detections or project.detections,
            )
    if not pipeline.effects:
        raise OptionError("nothing is to be done", where=str(request.pipeline or source), next_step="add [[effects]]")
    prompts = tuple(
        replace(prompt, path=prompt.path.resolve()) if isinstance(prompt, MaskPrompt) and prompt.path else prompt
        for prompt in pipeline.prompts
    )
    return film, replace(
        pipeline,
        prompts=prompts,
        quality=request.quality or pipeline.quality,
        learned=pipeline.learned if request.learned is None else request.learned,
    )
