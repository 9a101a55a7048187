"""What is to be done to a film: a list of effects with their options, objects and mask shaping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from videdit.effect import Effect
from videdit.errors import OptionError
from videdit.ops import MaskShaping
from videdit.plugins import Plugins


@dataclass(frozen=True, slots=True)
class EffectStep:
    """One effect.

    effect:  its name
    options: its options, by key
    objects: names of the objects it is for; empty means all
    shaping: how their masks are grown, closed, smoothed and feathered; keys of MaskShaping, over the effect's defaults
    """

    effect: str
    options: Mapping[str, Any] = field(default_factory=dict)
    objects: tuple[str, ...] = ()
    shaping: Mapping[str, Any] = field(default_factory=dict)


def check_step(step: EffectStep, plugins: Plugins) -> None:
    """Raise UnknownPlugin or OptionError unless the effect exists and takes these options."""
    offer = plugins.find("effect", step.effect)
    plugins.check_options(offer, step.options)
    shaping_of(step, None)


def shaping_of(step: EffectStep, effect: Effect | None) -> MaskShaping:
    """Return the step's mask shaping: its own keys over the effect's defaults."""
    defaults = dict(effect.shaping) if effect is not None else {}
    try:
        return MaskShaping.model_validate({**defaults, **step.shaping})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise OptionError(faults, where=f"masks for {step.effect}") from error
