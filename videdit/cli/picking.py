"""`videdit pick`: click on a frame in a window, see the mask, and get the flags to pass on."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import OptionError, PromptError
from videdit.masks import PackedMask
from videdit.masks.overlay import draw_overlay
from videdit.project import Project, open_project
from videdit.prompts import Box, Click, Moment, Prompt

_HELP = "left: on it   right: not it   drag: box   z: undo   n: next object   Enter: done   Esc: leave"
_DRAG_PX = 6
_ENTER, _ESCAPE = (10, 13), 27


@dataclass
class Picking:
    """The prompts drawn so far, without any window.

    at:    the frame
    scale: pixels of the window for each pixel of the film
    """

    at: Moment
    scale: float = 1.0
    name: str = "object"
    prompts: list[Prompt] = field(default_factory=list)
    _pressed: tuple[int, int] | None = None

    def press(self, x: int, y: int) -> None:
        """The left button went down."""
        self._pressed = (x, y)

    def release(self, x: int, y: int) -> bool:
        """The left button came up: a click, or a box if the pointer was dragged. Return whether a prompt came of it."""
        if self._pressed is None:
            return False
        (x0, y0), self._pressed = self._pressed, None
        if max(abs(x - x0), abs(y - y0)) < _DRAG_PX:
            return self._add(Click(x0 / self.scale, y0 / self.scale, at=self.at, object=self.name))
        left, right, top, bottom = min(x, x0), max(x, x0), min(y, y0), max(y, y0)
        if left == right or top == bottom:
            return False
        corners = [value / self.scale for value in (left, top, right, bottom)]
        return self._add(Box(corners[0], corners[1], corners[2], corners[3], at=self.at, object=self.name))

    def exclude(self, x: int, y: int) -> bool:
        """The right button: not the object."""
        return self._add(Click(x / self.scale, y / self.scale, False, at=self.at, object=self.name))

    def _add(self, prompt: Prompt) -> bool:
        self.prompts.append(prompt)
        return True

    def undo(self) -> bool:
        """Take the last prompt back; False if there is none."""
        return bool(self.prompts) and self.prompts.pop() is not None

    def flags(self) -> str:
        """Return the flags that stand for the prompts, quoted for a shell."""
        return " ".join(f"{flag} {shlex.quote(value)}" for flag, value in map(_flag, self.prompts))


def _flag(prompt: Prompt) -> tuple[str, str]:
    name = "" if prompt.object == "object" else f"{prompt.object}="
    if isinstance(prompt, Click):
        return "--click" if prompt.positive else "--not", f"{name}{prompt.x:.0f},{prompt.y:.0f}@{prompt.at}"
    assert isinstance(prompt, Box)
    corners = ",".join(f"{value:.0f}" for value in (prompt.x0, prompt.y0, prompt.x1, prompt.y1))
    return "--box", f"{name}{corners}@{prompt.at}"


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
    picking = Picking(moment, scale)
    title = "videdit pick"
    changed = [True]

    def mouse(event: int, x: int, y: int, *_: object) -> None:
        if event == cv2.EVENT_LBUTTONDOWN:
            picking.press(x, y)
        elif event == cv2.EVENT_LBUTTONUP:
            changed[0] |= picking.release(x, y)
        elif event == cv2.EVENT_RBUTTONDOWN:
            changed[0] |= picking.exclude(x, y)

    cv2.namedWindow(title, cv2.WINDOW_AUTOSIZE)
    cv2.setMouseCallback(title, mouse)
    try:
        return _loop(title, picking, changed, lambda: _drawn(project, rgb, picking))
    finally:
        cv2.destroyAllWindows()


def _loop(title: str, picking: Picking, changed: list[bool], draw: Callable[[], NDArray[np.uint8]]) -> str:
    objects = 1
    while True:
        if changed[0]:
            changed[0] = False
            cv2.imshow(title, cv2.cvtColor(draw(), cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(30) & 0xFF
        if key in _ENTER:
            return picking.flags()
        if key == _ESCAPE or cv2.getWindowProperty(title, cv2.WND_PROP_VISIBLE) < 1:
            return ""
        if key == ord("z"):
            changed[0] |= picking.undo()
        if key == ord("n"):
            objects += 1
            picking.name = f"object{objects}"


def _drawn(project: Project, rgb: NDArray[np.uint8], picking: Picking) -> NDArray[np.uint8]:
    """Return the frame with the masks and the clicks, at the window's size."""
    line = _HELP
    shown = rgb
    if picking.prompts:
        project.replace_prompts(picking.prompts)
        try:
            still = project.preview()[0]
            masks = {number: PackedMask.pack(mask) for number, mask in enumerate(still.masks.values(), start=1)}
            shown = draw_overlay(rgb, masks, dict(enumerate(still.masks, start=1)))
        except PromptError as error:
            line = str(error)
    size = round(rgb.shape[1] * picking.scale), round(rgb.shape[0] * picking.scale)
    shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    for prompt in picking.prompts:
        if isinstance(prompt, Click):
            colour = (0, 255, 0) if prompt.positive else (255, 0, 0)
            center = round(prompt.x * picking.scale), round(prompt.y * picking.scale)
            cv2.circle(shown, center, 5, colour, -1, cv2.LINE_AA)
            cv2.circle(shown, center, 6, (255, 255, 255), 1, cv2.LINE_AA)
    cv2.rectangle(shown, (0, 0), (size[0], 22), (0, 0, 0), -1)
    cv2.putText(shown, line, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(shown, np.uint8)
