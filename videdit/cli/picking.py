"""`videdit pick`: click on a frame in a window, see the mask, and get the flags to pass on."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from videdit.cli import console
from videdit.cli.pick_window import show
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import OptionError, PromptError
from videdit.masks import PackedMask
from videdit.masks.overlay import draw_overlay
from videdit.project import Project, open_project
from videdit.prompts import Click, Moment, Prompt

_HELP = "left: on it   right: not it   drag: box   z: undo   n: next object   Enter: done   Esc: leave"


def add_pick_command(app: typer.Typer, session: Session) -> None:
    """Add the command."""

    @app.command("pick", rich_help_panel="Edit a film")
    @guarded
    def pick(
        source: Annotated[str, typer.Argument(help="A film.", show_default=False)],
        at: Annotated[str, typer.Option("--at", help="The frame or time to click in.")] = "0",
    ) -> None:
        """Open a window to click in, and print the flags for the other commands."""
        moment = Moment.parse(at)
        _check_display()
        with open_project(source, plugins=session.plugins, runtime=session.runtime({})) as project:
            flags = _window(project, moment)
        if flags:
            console.out.print(flags, markup=False)


def _check_display() -> None:
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise OptionError(
            "there is no display to open a window on",
            next_step="use --preview still.png with --click to find the place",
        )


def _window(project: Project, moment: Moment) -> str:
    """Show the frame until the person is done; return the flags."""
    index = project.reader.frame_index(moment)
    rgb = next(iter(project.reader.pictures(index, index + 1))).rgb(max_bits=8)
    scale = min(1.0, 1600 / rgb.shape[1], 900 / rgb.shape[0])
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=show, args=(theirs, moment, scale), daemon=True)
    process.start()
    theirs.close()
    try:
        while not isinstance(asked := ours.recv(), str):
            ours.send(_drawn(project, rgb, asked, scale))
        return asked
    except EOFError:
        raise OptionError(
            "the window could not be opened, or broke off", next_step="use --preview still.png with --click"
        ) from None
    finally:
        ours.close()
        process.join(5)


def _drawn(project: Project, rgb: NDArray[np.uint8], prompts: Sequence[Prompt], scale: float) -> NDArray[np.uint8]:
    """Return the frame with the masks and the clicks, at the window's size."""
    line = _HELP
    shown = rgb
    if prompts:
        project.replace_prompts(prompts)
        try:
            still = project.preview()[0]
            masks = {number: PackedMask.pack(mask) for number, mask in enumerate(still.masks.values(), start=1)}
            shown = draw_overlay(rgb, masks, dict(enumerate(still.masks, start=1)))
        except PromptError as error:
            line = str(error)
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    for prompt in prompts:
        if isinstance(prompt, Click):
            colour = (0, 255, 0) if prompt.positive else (255, 0, 0)
            center = round(prompt.x * scale), round(prompt.y * scale)
            cv2.circle(shown, center, 5, colour, -1, cv2.LINE_AA)
            cv2.circle(shown, center, 6, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.rectangle(shown, (0, 0), (size[0], 22), (0, 0, 0), -1)
    cv2.putText(shown, line, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(shown, np.uint8)
