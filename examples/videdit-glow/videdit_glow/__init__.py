"""A halo of light around objects."""

from __future__ import annotations

from typing import Any

import videdit
from videdit_glow.options import GlowOptions


def _glow(options: GlowOptions, runtime: videdit.Runtime) -> videdit.Effect:
    # PyTorch takes seconds to import; it waits until the effect is wanted.
    from videdit_glow.effect import Glow

    return Glow(options, runtime)


@videdit.hookimpl
def register_effects(register: Any) -> None:
    register("glow", _glow, GlowOptions, summary="a halo of light around objects")
