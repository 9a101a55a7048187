"""What the pipeline relies on, as checks for every kind of plug-in.

`videdit plugins check NAME` runs them; an author's own test may be one line:

    def test_contract():
        assert_contract("effect", Glow)
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from videdit.errors import UnknownPlugin, VideditError
from videdit.plugins import ROLES, Plugins, Registration, Role
from videdit.runtime import Options, Runtime
from videdit.testing.contract_effects import EFFECT_CHECKS
from videdit.testing.contract_engines import DETECTOR_CHECKS, FILLER_CHECKS, SEGMENTER_CHECKS, SHOT_CHECKS
from videdit.testing.contract_trackers import TRACKER_CHECKS

Make = Callable[[], Any]
CHECKS: dict[Role, dict[str, Callable[[Make], None]]] = {
    "effect": EFFECT_CHECKS,
    "segmenter": SEGMENTER_CHECKS,
    "tracker": TRACKER_CHECKS,
    "filler": FILLER_CHECKS,
    "detector": DETECTOR_CHECKS,
    "shot_detector": SHOT_CHECKS,
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one thing that is offered; `fault` is empty if it passed."""

    role: str
    name: str
    check: str
    fault: str = ""
    trace: str = ""

    @property
    def passed(self) -> bool:
        return not self.fault

    @property
    def line(self) -> str:
        state = "ok" if self.passed else f"FAILED: {self.fault}"
        return f"{self.role.replace('_', ' ')} {self.name}: {self.check}: {state}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self) | {"passed": self.passed}


def check_plugin(plugins: Plugins, name: str) -> list[CheckResult]:
    """Check everything that a plug-in offers, or every engine and effect of that name.

    Raises UnknownPlugin if there is neither. What needs a file of weights that is not there says so as a fault.
    """
    offers = [offer for one in plugins.found if one.name == name for offer in one.offers]
    offers = offers or [offer for role in ROLES for offer in plugins.all(role) if offer.name == name]
    broken = [one for one in plugins.found if one.name == name and one.error]
    if broken:
        return [CheckResult("plug-in", name, "loads", broken[0].error, broken[0].trace)]
    if not offers:
        known = ", ".join(one.name for one in plugins.found)
        raise UnknownPlugin(f"no plug-in, engine or effect is called {name!r}", next_step=f"plug-ins: {known}")
    runtime = plugins.runtime()
    return [result for offer in offers for result in check_offer(offer, runtime)]


def check_offer(offer: Registration, runtime: Runtime) -> Iterator[CheckResult]:
    """Run the checks for one engine or effect; executors have none."""

    def make() -> Any:
        return offer.factory(offer.options(), runtime)

    for check, run in CHECKS.get(offer.role, {}).items():
        try:
            run(make)
        except AssertionError as error:
            yield CheckResult(
                offer.role, offer.name, check, str(error) or "an assertion failed", traceback.format_exc()
            )
        except VideditError as error:
            yield CheckResult(offer.role, offer.name, check, str(error), traceback.format_exc())
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            yield CheckResult(offer.role, offer.name, check, fault, traceback.format_exc())
        else:
            yield CheckResult(offer.role, offer.name, check)


def assert_contract(
    role: Role, factory: Callable[[Any, Runtime], Any], options: Options | None = None, runtime: Runtime | None = None
) -> None:
    """Raise AssertionError with the first check of the contract that does not hold."""
    model = type(options) if options is not None else getattr(factory, "Options", Options)
    chosen = options if options is not None else model()
    made = runtime if runtime is not None else Runtime()
    offer = Registration(role, "under test", lambda _, run: factory(chosen, run), model, (), 0, "", "test")
    for result in check_offer(offer, made):
        assert result.passed, f"{result.check}: {result.fault}\n{result.trace}"
