"""Put tracked masks right: what a correction adds to the prompts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from videdit.errors import NothingSelected, OptionError
from videdit.project.surroundings import likest, others_there, seen_near
from videdit.prompts import Box, Click, MaskPrompt, Moment, Prompt, Stroke

if TYPE_CHECKING:
    from videdit.project.project import Project


def with_bases(project: Project, prompts: Sequence[Prompt]) -> list[Prompt]:
    """Return the prompts of a correction, each frame's after the mask that they correct.

    Clicks and strokes correct the mask that is there; a box or a mask says anew where the object is, and so do clicks
    where it was not tracked or is absent. On a frame with earlier prompts these are gone on from. What other objects
    cover is written down as what is not the object; of it a correction takes what lies around its clicks. Clicks that
    say anew where the object is mean something of about the size that it has.
    Raises OptionError for an object that the project does not have, and outside the range it is limited to.
    """
    known = {(prompt.object, project.reader.frame_index(prompt.at)) for prompt in project.description.prompts}
    result: list[Prompt] = []
    for (name, index), some in _by_frame(project, prompts).items():
        if (name, index) in known or not _only_corrects(some):
            result += some
            continue
        seen = seen_near(project, name, index)
        others = [] if seen is None else others_there(project, name, index, seen)
        base = _mask_there(project, name, index)
        if base is None and seen is not None:
            base = likest(project, name, index, [*others, *some], seen)
        result += [*([] if base is None else [base]), *others, *some]
    return result


def in_place_of_earlier(project: Project, prompts: Sequence[Prompt]) -> list[Prompt]:
    """Return all prompts of the project with these in place of what was pointed at for their objects on their frames.

    Raises what `with_bases` raises.
    """
    places = _by_frame(project, prompts)
    kept = [
        one for one in project.description.prompts if (one.object, project.reader.frame_index(one.at)) not in places
    ]
    return [*kept, *prompts]


def _by_frame(project: Project, prompts: Sequence[Prompt]) -> dict[tuple[str, int], list[Prompt]]:
    """Return the prompts of a correction by object and frame, checked."""
    grouped: dict[tuple[str, int], list[Prompt]] = {}
    for prompt in prompts:
        project.objects.require(prompt.object)
        index = project.reader.frame_index(prompt.at)
        _check_in_range(project, index)
        grouped.setdefault((prompt.object, index), []).append(prompt)
    return grouped


def confirmation(project: Project, name: str, index: int) -> MaskPrompt:
    """Return the prompt that says: the mask of that object on that frame is right as it is.

    Raises NothingSelected if there is none, OptionError outside the range that the project is limited to.
    """
    _check_in_range(project, index)
    mask = _mask_there(project, project.objects.require(name).name, index)
    if mask is None:
        raise NothingSelected(
            "there is no mask to confirm",
            where=f"object {name!r}, frame {index}",
            next_step="track it first, or point at it there",
        )
    return mask


def take_negative_prompts(project: Project) -> None:
    """Give frames with negative prompts alone the mask that they correct: a person may have written them by hand."""
    described = project.description
    by_frame: dict[tuple[str, int], list[Prompt]] = {}
    for prompt in described.prompts:
        by_frame.setdefault((prompt.object, project.reader.frame_index(prompt.at)), []).append(prompt)
    bases = {
        place: base
        for place, some in by_frame.items()
        if _all_negative(some) and (base := _mask_there(project, *place)) is not None
    }
    if not bases:
        return
    prompts: list[Prompt] = []
    for prompt in described.prompts:
        base = bases.pop((prompt.object, project.reader.frame_index(prompt.at)), None)
        prompts += [prompt] if base is None else [base, prompt]
    project.replace_prompts(prompts)


def _check_in_range(project: Project, index: int) -> None:
    span = project.span
    if span is not None and index not in span:
        raise OptionError(
            f"frame {index} lies outside the range {span.start}..{span.stop - 1} that the project is limited to",
            next_step="correct a frame inside it, or track with another --range",
        )


def _only_corrects(prompts: Iterable[Prompt]) -> bool:
    return not any(isinstance(prompt, Box | MaskPrompt) for prompt in prompts)


def _all_negative(prompts: Iterable[Prompt]) -> bool:
    return all(isinstance(prompt, Click | Stroke) and not prompt.positive for prompt in prompts)


def _mask_there(project: Project, name: str, index: int) -> MaskPrompt | None:
    entry = project.track.get(project.objects.require(name).object_id, index)
    if entry is None or entry.mask.empty:
        return None
    return MaskPrompt(mask=entry.mask.mask(), at=Moment(frame=index), object=name)
