"""Every engine and effect that comes along keeps the contract, and so do the fakes."""

from __future__ import annotations

import pytest

from videdit.plugins import ROLES, Plugins, Registration
from videdit.testing.contracts import CHECKS, CheckResult, check_offer, check_plugin
from videdit.testing.fakes import ColourTracker, FakePlugin

PLUGINS = Plugins(objects={"fakes": FakePlugin()})
CASES = [
    pytest.param(offer, check, id=f"{role}-{offer.name}-{check}")
    for role in ROLES
    for offer in PLUGINS.all(role)
    if not offer.checkpoints
    for check in CHECKS.get(role, {})
]


@pytest.mark.parametrize(("offer", "check"), CASES)
def test_contract(offer: Registration, check: str) -> None:
    def make() -> object:
        return offer.factory(offer.options(), PLUGINS.runtime())

    CHECKS[offer.role][check](make)


def test_no_plugin_is_broken() -> None:
    assert [one.error for one in PLUGINS.found if one.error] == []


def test_a_tracker_that_forgets_its_state_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ColourTracker, "snapshot", lambda self: b"[0, []]")
    failed = [one.check for one in check_plugin(PLUGINS, "fakes") if not one.passed]
    assert failed == ["goes on from a snapshot"]


def test_results_say_what_failed() -> None:
    class Wrong:
        def __init__(self, options: object, runtime: object) -> None:
            raise ZeroDivisionError("oh")

    offer = Registration("filler", "wrong", Wrong, PLUGINS.find("filler", "grey").options, (), 0, "", "test")
    results: list[CheckResult] = list(check_offer(offer, PLUGINS.runtime()))
    assert all(one.line.endswith("FAILED: ZeroDivisionError: oh") for one in results)
    assert len(results) == len(CHECKS["filler"])
