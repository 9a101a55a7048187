"""Find plug-ins, ask each what it offers, and make engines by name.

A `Plugins` is one configuration; two may live in one process. Each plug-in is asked alone, so one that raises, or
calls sys.exit while it is imported, is named in `Plugins.found` and the others go on.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pluggy
from pydantic import ValidationError

from videdit import hookspecs
from videdit.errors import BrokenPlugin, MissingCheckpoint, OptionError, UnknownPlugin, VideditError
from videdit.runtime import Options, Runtime

log = logging.getLogger(__name__)

GROUP = hookspecs.PROJECT_NAME
Role: TypeAlias = Literal["segmenter", "tracker", "detector", "filler", "effect", "shot_detector", "executor"]
ROLES: tuple[Role, ...] = ("segmenter", "tracker", "detector", "filler", "effect", "shot_detector", "executor")
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Registration:
    """One thing a plug-in offers.

    factory:     called as factory(options, runtime); a class with that signature will do
    options:     its pydantic model
    checkpoints: names of the files it needs; all must be present for `auto` to take it
    rank:        `auto` takes the highest whose files are present; 0 and above is eligible, below 0 never
    plugin:      name of the plug-in that offers it
    """

    role: Role
    name: str
    factory: Callable[[Any, Runtime], Any]
    options: type[Options]
    checkpoints: tuple[str, ...]
    rank: int
    summary: str
    plugin: str


@dataclass(slots=True)
class Found:
    """One plug-in, loaded or broken.

    source: distribution with version, or the file, or "this program"
    error:  why it could not be used, in one line; empty if it could
    trace:  the whole traceback, for `videdit plugins -v`
    """

    name: str
    source: str
    hooks: list[str] = field(default_factory=list)
    offers: list[Registration] = field(default_factory=list)
    error: str = ""
    trace: str = ""


class Plugins:
    """The plug-ins of one configuration.

    installed:   use the entry points of installed packages
    directories: folders whose *.py files are plug-ins; VIDEDIT_PLUGINS (separated as PATH is) adds more
    objects:     modules or objects with hook implementations, by name
    only:        names of the installed plug-ins to load; None reads VIDEDIT_LOAD_PLUGINS, unset meaning all
    """

    def __init__(
        self,
        *,
        installed: bool = True,
        directories: Iterable[str | Path] = (),
        objects: Mapping[str, object] | None = None,
        only: Iterable[str] | None = None,
    ) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT_NAME)
        self._manager.add_hookspecs(hookspecs)
        self._trace = os.environ.get("VIDEDIT_TRACE_PLUGINS", "") not in ("", "0")
        self._by_role: dict[Role, dict[str, list[Registration]]] = {role: {} for role in ROLES}
        self.found: list[Found] = []
        self.checkpoint_tables: list[str] = []
        if installed:
            self._load_installed(self._wanted(only))
        for directory in [*_from_environment(), *map(Path, directories)]:
            self._load_directory(directory)
        for name, plugin in (objects or {}).items():
            self._register(Found(name, "this program"), functools.partial(_itself, plugin))

    # -- loading ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _wanted(only: Iterable[str] | None) -> set[str] | None:
        if only is not None:
            return set(only)
        listed = os.environ.get("VIDEDIT_LOAD_PLUGINS")
        return None if listed is None else {name.strip() for name in listed.split(",") if name.strip()}

    def _load_installed(self, wanted: set[str] | None) -> None:
        for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
            if wanted is not None and entry.name not in wanted:
                continue
            source = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            if not any(one.name == entry.name and one.source == source for one in self.found):
                self._register(Found(entry.name, source), entry.load)

    def _load_directory(self, directory: Path) -> None:
        if not directory.is_dir():
            raise OptionError("the plug-in folder does not exist", where=str(directory))
        for path in sorted(directory.glob("*.py")):
            self._register(Found(path.stem, str(path)), functools.partial(_import_file, path))

    def _register(self, one: Found, load: Callable[[], object]) -> None:
        """Load one plug-in and ask it what it offers; whatever it raises is kept in `one`."""
        self.found.append(one)
        try:
            plugin = load()
            self._manager.register(plugin, name=f"{one.name} ({one.source})")
            self._manager.check_pending()
            self._ask(one, plugin)
        except (Exception, SystemExit) as error:
            # Catching whatever a plug-in raises is the point: one broken plug-in must not take the others with it.
            one.error = f"{type(error).__name__}: {error}".splitlines()[0]
            one.trace = traceback.format_exc()
            self._withdraw(one)
            if os.environ.get("VIDEDIT_STRICT_PLUGINS", "") not in ("", "0"):
                raise BrokenPlugin(one.error, where=f"plug-in {one.name} ({one.source})") from error
            log.warning("plug-in %s (%s) is left out: %s", one.name, one.source, one.error)

    def _withdraw(self, one: Found) -> None:
        registered = self._manager.get_plugin(f"{one.name} ({one.source})")
        if registered is not None:
            self._manager.unregister(registered)
        for offer in one.offers:
            self._by_role[offer.role][offer.name].remove(offer)
        one.offers = []

    def _ask(self, one: Found, plugin: object) -> None:
        for caller in self._manager.get_hookcallers(plugin) or []:
            one.hooks.append(caller.name)
            if not caller.name.startswith("register_") or caller.name == "register_commands":
                continue
            implementation = next(impl for impl in caller.get_hookimpls() if impl.plugin is plugin)
            if caller.name == "register_checkpoints":
                self._call(implementation, {"register": self.checkpoint_tables.append})
            else:
                role: Any = caller.name.removeprefix("register_").removesuffix("s")
                self._call(implementation, {"register": self._registrar(role, one)})
        one.hooks.sort()

    def _registrar(self, role: Role, one: Found) -> hookspecs.Register:
        def register(
            name: str,
            factory: Callable[..., Any],
            options: type[Options] | None = None,
            *,
            checkpoints: Sequence[str] = (),
            rank: int = 0,
            summary: str = "",
        ) -> None:
            model = options if options is not None else getattr(factory, "Options", Options)
            text = summary or (factory.__doc__ or "").strip().split("\n")[0]
            offer = Registration(role, name, factory, model, tuple(checkpoints), rank, text, one.name)
            one.offers.append(offer)
            self._by_role[role].setdefault(name, []).append(offer)

        return register

    def _call(self, implementation: Any, arguments: Mapping[str, Any]) -> Any:
        """Call one hook implementation with the arguments it asks for."""
        wanted = {name: arguments[name] for name in implementation.argnames}
        result = implementation.function(**wanted)
        if self._trace:
            print(
                f"hook {implementation.function.__name__} of {implementation.plugin_name}"
                f"({', '.join(wanted)}) -> {result!r}",
                file=sys.stderr,
            )
        return result

    # -- engines ---------------------------------------------------------------------------------------------------

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
        return next((f"{one.name} ({one.source})" for one in self.found if offer in one.offers), offer.plugin)

    def source(self, role: Role, name: str) -> str:
        """Return the plug-in and distribution with version that offer this; part of every job's key."""
        return self._source(self.find(role, name))

    def choose(self, role: Role, runtime: Runtime, name: str = AUTO) -> tuple[Registration, str]:
        """Return what `name` stands for, and one clause that says why; `auto` takes the best that is ready."""
        if name != AUTO:
            return self.find(role, name), "asked for"
        passed_over: list[str] = []
        for offer in sorted(self.all(role), key=lambda offer: (-offer.rank, offer.name)):
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
        except (VideditError, MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:
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

    # -- the other hooks -------------------------------------------------------------------------------------------

    def add_commands(self, cli: Any) -> None:
        """Let each plug-in add commands; one that raises is named and left out."""
        for implementation in self._manager.hook.register_commands.get_hookimpls():
            try:
                self._call(implementation, {"cli": cli})
            except Exception as error:
                log.warning("plug-in %s cannot add its commands: %s", implementation.plugin_name, error)

    def open_video(self, source: str, options: Mapping[str, Any]) -> Any:
        """Return the reader of the first plug-in that can read `source`, or None."""
        for implementation in self._manager.hook.open_video.get_hookimpls():
            try:
                reader = self._call(implementation, {"source": source, "options": dict(options)})
            except VideditError:
                raise
            except Exception as error:
                raise BrokenPlugin(
                    f"open_video raised {type(error).__name__}: {error}", where=implementation.plugin_name
                ) from error
            if reader is not None:
                return reader
        return None

    def masks_ready(self, shot: Any, masks: Any) -> Any:
        """Pass the masks of a shot through every plug-in that wants to change them."""
        for implementation in self._manager.hook.masks_ready.get_hookimpls():
            try:
                changed = self._call(implementation, {"shot": shot, "masks": masks})
            except VideditError:
                raise
            except Exception as error:
                raise BrokenPlugin(
                    f"masks_ready raised {type(error).__name__}: {error}",
                    where=f"{implementation.plugin_name}, shot {shot}",
                ) from error
            masks = masks if changed is None else changed
        return masks

    def emit(self, event: Any) -> None:
        """Tell every plug-in of an event; what one raises is logged."""
        for implementation in self._manager.hook.pipeline_event.get_hookimpls():
            try:
                self._call(implementation, {"event": event})
            except Exception:
                log.exception("plug-in %s failed on an event", implementation.plugin_name)


def _from_environment() -> list[Path]:
    return [Path(part) for part in os.environ.get("VIDEDIT_PLUGINS", "").split(os.pathsep) if part]


def _itself(plugin: object) -> object:
    return plugin


def _import_file(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"videdit_file_plugins.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BrokenPlugin("the file is no Python module", where=str(path))
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickling look the module up by name while it is being executed.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _present(checkpoint: str, runtime: Runtime) -> bool:
    try:
        runtime.find_checkpoint(checkpoint)
    except MissingCheckpoint:
        return False
    return True
