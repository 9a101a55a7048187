"""The window of `videdit pick`, in a process of its own.

PyAV and OpenCV's windows each bring their own copy of the X11 libraries, and a window hangs where both are loaded.
Nothing imported here may import PyAV.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from videdit.prompts import Box, Click, Moment, Prompt

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


TITLE = "videdit pick"


def show(link: Connection, moment: Moment, scale: float) -> None:
    """Run the window until the person is done.

    link: takes the list of prompts at each change and gives the picture to show, (h, w, 3) uint8 RGB; at the end takes
    the flags as text, empty if the person left
    """
    # Qt warns of fonts that it does not need here.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    import cv2

    picking = Picking(moment, scale)
    changed = [True]

    def mouse(event: int, x: int, y: int, *_: Any) -> None:
        if event == cv2.EVENT_LBUTTONDOWN:
            picking.press(x, y)
        elif event == cv2.EVENT_LBUTTONUP:
            changed[0] |= picking.release(x, y)
        elif event == cv2.EVENT_RBUTTONDOWN:
            changed[0] |= picking.exclude(x, y)

    # Without the second flag the right button opens a menu of Qt's own.
    cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
    cv2.setMouseCallback(TITLE, mouse)
    objects = 1
    while True:
        if changed[0]:
            changed[0] = False
            link.send(list(picking.prompts))
            cv2.imshow(TITLE, cv2.cvtColor(link.recv(), cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(30) & 0xFF
        if key in _ENTER:
            link.send(picking.flags())
            return
        if key == _ESCAPE or cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1:
            link.send("")
            return
        if key == ord("z"):
            changed[0] |= picking.undo()
        if key == ord("n"):
            objects += 1
            picking.name = f"object{objects}"
