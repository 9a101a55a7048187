"""The files of a new plug-in. <effect>, <distribution>, <module> and <class> are filled in."""

from __future__ import annotations

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "<distribution>"
version = "0.1.0"
description = "The effect <effect> for videdit."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0", "videdit"]

[project.optional-dependencies]
test = ["pytest"]

# This line is how videdit finds the plug-in: a name, and the module with the hooks.
[project.entry-points.videdit]
<effect> = "<module>"

[tool.setuptools]
packages = ["<module>"]
"""

_README = """\
# <distribution>

The effect `<effect>` for videdit: it mixes a colour into what is pointed at.

    pip install -e .
    videdit <effect> film.mp4 --click 320,240@12 --strength 0.8 -o tinted.mp4

Test it, here and as videdit would use it:

    pip install -e ".[test]"
    pytest
    videdit plugins check <effect>
"""

_INIT = '''\
"""The effect <effect>: what videdit imports when it looks for plug-ins. Keep it light."""

from __future__ import annotations

from typing import Any

import videdit

from <module>.options import <class>Options


def _make(options: <class>Options, runtime: videdit.Runtime) -> videdit.Effect:
    # Imported when the effect is wanted, so that its libraries do not slow every command down.
    from <module>.effect import <class>

    return <class>(options, runtime)


@videdit.hookimpl
def register_effects(register: Any) -> None:
    register("<effect>", _make, <class>Options, summary="mix a colour into objects")
'''

_OPTIONS = '''\
"""The options of <effect>: flags and keys of a pipeline file come from here."""

from __future__ import annotations

import videdit
from pydantic import Field


class <class>Options(videdit.Options):
    """How to tint."""

    strength: float = Field(default=0.5, ge=0, le=1, description="how much of the colour, from 0 to 1")
    colour: str = Field(default="#ffb000", pattern="^#[0-9a-fA-F]{6}$", description="the colour, as #rrggbb")
'''

_EFFECT = '''\
"""The effect <effect>."""

from __future__ import annotations

from typing import Any

import numpy as np
import videdit

from <module>.options import <class>Options


class <class>(videdit.Effect):
    """Mix a colour into objects."""

    Options = <class>Options
    options: <class>Options

    def render(self, window: videdit.Window) -> Any:
        """Return (h, w, 3) of the window's type; videdit lays it into the film through the mask's soft edge."""
        white = np.iinfo(window.rgb.dtype).max  # 255, or 65535 for films of more than 8 bits
        colour = np.array(list(bytes.fromhex(self.options.colour[1:])), np.float32) * (white / 255)
        mixed = window.rgb + self.options.strength * (colour - window.rgb)
        return mixed.round().astype(window.rgb.dtype)
'''

_TEST = '''\
"""The effect keeps videdit's contract, does what its options say, and is found."""

from __future__ import annotations

import numpy as np
import videdit
from videdit.testing.contract_clip import Clip
from videdit.testing.contract_effects import view_of, window_of
from videdit.testing.contracts import assert_contract

from <module>.effect import <class>
from <module>.options import <class>Options


def test_contract() -> None:
    assert_contract("effect", <class>)


def test_full_strength_is_the_colour_itself() -> None:
    effect = <class>(<class>Options(strength=1, colour="#102030"))
    made = effect.render(window_of(effect, view_of(Clip()), 0))
    assert np.array_equal(np.unique(made.reshape(-1, 3), axis=0), [[0x10, 0x20, 0x30]])


def test_no_strength_leaves_the_film_alone() -> None:
    effect = <class>(<class>Options(strength=0))
    window = window_of(effect, view_of(Clip()), 0)
    assert np.array_equal(effect.render(window), window.rgb)


def test_it_is_found_once_installed() -> None:
    assert "<effect>" in videdit.Plugins().names("effect")
'''

FILES = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    "<module>/__init__.py": _INIT,
    "<module>/options.py": _OPTIONS,
    "<module>/effect.py": _EFFECT,
    "<module>/py.typed": "",
    "tests/test_<module>.py": _TEST,
    ".gitignore": "__pycache__/\n*.egg-info/\nbuild/\ndist/\n",
}
"""Path in the new folder -> text."""
