"""Engines and effects by name: which there are, which one `auto` stands for, and how one is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from videdit.errors import BrokenPlugin, MissingCheckpoint, OptionError, UnknownPlugin, VideditError
from videdit.plugins.loading import RAISED, LoadedPlugins
from videdit.plugins.offers import AUTO, Registration, Role
from videdit.runtime import Options, Runtime


class OfferedEngines(LoadedPlugins):
    """What the plug-ins of one configuration offer for each role."""

    def names(self, role: Role) -> list[str]:
        """Return the names offered for a role, in alphabetical order."""
        return sorted(name for name, offers in self._by_role[role].items() if offers)

    def all(self, role: Role) -> list[Registration]:
        """Return what is offered for a role, by name."""
        return [offer for name in self.names(role) for offer in self._by_role[role][name]]

    def find(self, role: Role, name: str) -> Registration:
        """Return what is offered under that name.

        Raises UnknownPlugin with the names there are, or BrokenPlugin if two plug-ins offer the same name.
        """
        offers = self._by_role[role].get(name, [])
        kind = role.replace("_", " ")
        if not offers:
            broken = ", ".join(one.name for one in self.found if one.error)
            hint = f"there are: {', '.join(self.names(role)) or 'none'}"
            raise UnknownPlugin(
                f"no plug-in offers the {kind} {name!r}", next_step=f"{hint}; broken: {broken}" if broken else hint
            )
        if len(offers) > 1:
            raise BrokenPlugin(
                f"the {kind} {name!r} is offered twice, by {' and by '.join(self._source(o) for o in offers)}",
                next_step="uninstall one of them, or load only the other with VIDEDIT_LOAD_PLUGINS",
            )
        return offers[0]

    def _source(self, offer: Registration) -> str:
        return next((one.title for one in self.found if offer in one.offers), offer.plugin)

    def source(self, role: Role, name: str) -> str:
        """Return the plug-in and distribution with version that offer this; part of every job's key."""
        offer = self.find(role, name)
        return next((one.key for one in self.found if offer in one.offers), offer.plugin)

    def choose(self, role: Role, runtime: Runtime, name: str = AUTO) -> tuple[Registration, str]:
        """Return what `name` stands for, and one clause that says why; `auto` takes the best that is ready."""
        if name != AUTO:
            return self.find(role, name), "asked for"
        return self._best(role, self.all(role), runtime)

    def choose_detector(self, phrase: str, runtime: Runtime, name: str = AUTO) -> tuple[Registration, str]:
        """Return the detector for a phrase, and one clause that says why.

        `auto` takes the best that is ready of those made for just that, else of those that take any words.
        Raises UnknownPlugin if none is.
        """
        if name != AUTO:
            return self.find("detector", name), "asked for"
        offers = self.all("detector")
        made_for_it = [offer for offer in offers if phrase.strip().lower() in offer.finds]
        candidates = made_for_it or [offer for offer in offers if not offer.finds]
        if not candidates:
            known = sorted({offer.finds[0] for offer in offers if offer.finds})
            raise UnknownPlugin(
                f"no detector looks for {phrase!r}",
                next_step=f"there are detectors for: {', '.join(known) or 'nothing'}; point with a box or a click",
            )
        return self._best("detector", candidates, runtime)

    def _best(self, role: Role, offers: Sequence[Registration], runtime: Runtime) -> tuple[Registration, str]:
        passed_over: list[str] = []
        for offer in sorted(offers, key=lambda offer: (-offer.rank, offer.name)):
            if offer.rank < 0:
                continue
            missing = [one for one in offer.checkpoints if not _present(one, runtime)]
            if not missing:
                why = "the best there is" if not passed_over else f"no file for {', '.join(passed_over)}"
                return self.find(role, offer.name), why
            passed_over.append(offer.name)
        raise UnknownPlugin(
            f"no plug-in offers a {role.replace('_', ' ')} that is ready",
            next_step="run `videdit doctor` to see what is missing",
        )

    def create(self, role: Role, name: str, options: Options | Mapping[str, Any] | None, runtime: Runtime) -> Any:
        """Make the engine or effect of that name.

        Raises OptionError that names the wrong option, BrokenPlugin if the factory raises anything of its own.
        """
        offer, _ = self.choose(role, runtime, name)
        checked = self.check_options(offer, options)
        try:
            return offer.factory(checked, runtime)
        except (VideditError, MemoryError):
            raise
        except RAISED as error:
            raise BrokenPlugin(
                f"{offer.name!r} could not be made: {type(error).__name__}: {error}", where=self._source(offer)
            ) from error

    def runtime(self, base: Runtime | None = None) -> Runtime:
        """Return `base` completed with a `make` that finds engines here."""
        start = base if base is not None else Runtime()

        def make(role: Any, name: str, options: Mapping[str, Any]) -> Any:
            return self.create(role, name, options, complete)

        complete = replace(start, make=make)
        return complete

    @staticmethod
    def check_options(offer: Registration, options: Options | Mapping[str, Any] | None) -> Options:
        """Return the options as the offer's model. Raises OptionError that names each wrong key."""
        if isinstance(options, offer.options):
            return options
        values = options.model_dump() if isinstance(options, Options) else dict(options or {})
        try:
            return offer.options.model_validate(values)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            known = ", ".join(offer.options.model_fields) or "none"
            raise OptionError(faults, where=f"{offer.role} {offer.name}", next_step=f"options: {known}") from error


def _present(checkpoint: str, runtime: Runtime) -> bool:
    try:
        runtime.find_checkpoint(checkpoint)
    except MissingCheckpoint:
        return False
    return True
