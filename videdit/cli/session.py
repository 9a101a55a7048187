"""From flags to a project: what every command that works on a film has in common."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from videdit.cli import console
from videdit.cli.prompt_flags import read_finds, read_flags
from videdit.errors import CheckpointError, OptionError, PromptError, UnknownPlugin
from videdit.plugins import Plugins
from videdit.project import Project, open_project, read_prompts
from videdit.project.runtimes import runtime_for
from videdit.prompts import Moment, Prompt
from videdit.runtime import Runtime

_UNUSABLE = (OptionError, PromptError, CheckpointError, UnknownPlugin)
"""Errors that say that what was decided cannot be done, now or when the command is given again."""


@dataclass(frozen=True, slots=True)
class Session:
    """What is the same for one run of the program.

    plugins:  the plug-ins that were found
    messages: sentences already shown, so that none is shown twice
    """

    plugins: Plugins
    messages: set[str] = field(default_factory=set)

    def note(self, sentence: str) -> None:
        """Show a sentence for the person, once."""
        if sentence not in self.messages:
            self.messages.add(sentence)
            console.say(sentence)

    def runtime(self, flags: Mapping[str, Any]) -> Runtime:
        """Return the runtime that the flags ask for."""
        return runtime_for(
            self.plugins,
            device=flags.get("device") or "auto",
            quality=flags.get("quality") or "standard",
            learned=flags.get("learned") is not False,
            note=self.note,
        )

    @contextmanager
    def project(self, flags: Mapping[str, Any], *, output: Path | None = None) -> Iterator[Project]:
        """Open the project the flags name, with their prompts, range and engines taken over.

        Without --project the work is kept beside the output while it is not finished, so that a run that was stopped
        goes on when it is given again; once all is done it is removed.
        """
        folder = flags.get("project")
        lent = folder is None and output is not None and not is_project(flags["source"])
        if lent and output is not None:
            folder = output.with_name(f".{output.name}.videdit")
        existed = lent and Path(str(folder)).exists()
        worth_keeping = True  # until it is ours: another process may be at work in it
        try:
            with open_project(flags["source"], folder, plugins=self.plugins, runtime=self.runtime(flags)) as project:
                worth_keeping = existed
                if existed:
                    self.note("going on with an earlier run that did not finish")
                decided = project.description
                try:
                    self._take_over(project, flags, replace_prompts=lent)
                    yield project
                except _UNUSABLE:
                    # What was decided would stand in the way of every later command.
                    project.decide(decided)
                    worth_keeping = project.has_work()
                    raise
                except BaseException:
                    worth_keeping = project.has_work()
                    raise
            worth_keeping = False
        finally:
            if lent and not worth_keeping:
                shutil.rmtree(str(folder), ignore_errors=True)

    def _take_over(self, project: Project, flags: Mapping[str, Any], *, replace_prompts: bool) -> None:
        prompts = prompts_of(flags)
        if replace_prompts and prompts:
            project.replace_prompts(prompts)
        elif prompts:
            project.point(*prompts)
        shape = flags.get("found_shape")
        finds = read_finds(
            flags.get("find") or (),
            faces=flags.get("faces") is True,
            detector=flags.get("detector") or "auto",
            follow={"shape": shape} if shape else {},
        )
        if shape and not finds:
            raise OptionError("--shape is of what is found", next_step="add --faces, or --find WORDS without a moment")
        if finds:
            known = [] if replace_prompts else list(project.description.detections)
            stems = {step.stem for step in finds}
            project.replace_detections([*(step for step in known if step.stem not in stems), *finds])
        self._take_engines(project, flags)
        if flags.get("span"):
            project.limit(*read_span(flags["span"]))
        if flags.get("shot_list"):
            project.take_shots(Path(flags["shot_list"]))

    @staticmethod
    def _take_engines(project: Project, flags: Mapping[str, Any]) -> None:
        known = project.description
        engines = replace(
            known.engines,
            segmenter=flags.get("segmenter") or known.engines.segmenter,
            tracker=flags.get("tracker") or known.engines.tracker,
            static=known.engines.static if flags.get("static") is None else flags["static"],
            refine=flags.get("refine") or known.engines.refine,
            reidentify=_reidentify(known.engines.reidentify, flags.get("reidentify")),
        )
        quality = flags.get("quality") or known.quality
        learned = known.learned if flags.get("learned") is None else flags["learned"]
        project.decide(replace(known, engines=engines, quality=quality, learned=learned))


def is_project(source: str) -> bool:
    """Return whether a source is a project folder."""
    return (Path(source) / "project.toml").is_file()


def prompts_of(flags: Mapping[str, Any]) -> list[Prompt]:
    """Return the prompts of the flags and of the file they name."""
    from_file = read_prompts(Path(flags["prompts"])) if flags.get("prompts") else ()
    drawn = read_flags(
        clicks=flags.get("click") or (),
        not_clicks=flags.get("not_click") or (),
        boxes=flags.get("box") or (),
        strokes=flags.get("stroke") or (),
        not_strokes=flags.get("not_stroke") or (),
        masks=flags.get("mask") or (),
        phrases=flags.get("find") or (),
    )
    return [*from_file, *drawn]


def read_span(text: str) -> tuple[str, str | None]:
    """Read "100..250" or "00:01:00..": the first moment, and the one after the last or None for the end."""
    start, separator, stop = text.partition("..")
    if not separator:
        raise OptionError(f"--range {text!r} is not understood", next_step="write --range FROM..TO, such as 100..250")
    for part in (start, stop):
        if part:
            Moment.parse(part)
    return start or "0", stop or None


def _reidentify(known: Mapping[str, Any], wanted: bool | None) -> Mapping[str, Any]:
    """Return the options of re-identification, switched on or off where the flag was given."""
    return known if wanted is None else {**known, "enabled": wanted}
