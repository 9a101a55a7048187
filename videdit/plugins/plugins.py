"""Find plug-ins, ask each what it offers, and make engines by name.

A `Plugins` is one configuration; two may live in one process. Each plug-in is asked alone, so one that raises, or
calls sys.exit while it is imported, is named in `Plugins.found` and the others go on.
"""

from __future__ import annotations

import difflib
import functools
import logging
import os
import reprlib
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy
from pydantic import ValidationError

from videdit import hookspecs
from videdit.errors import BrokenPlugin, MissingCheckpoint, OptionError, UnknownPlugin, VideditError
from videdit.plugins.files import forget_file, from_environment, import_file, in_one_line, itself, version_of
from videdit.plugins.offers import AUTO, ROLES, Found, Registration, Role, check_offer
from videdit.progress import Progress, Report
from videdit.runtime import Options, Runtime

log = logging.getLogger(__name__)

GROUP = hookspecs.PROJECT_NAME

# What a plug-in may raise without taking the program with it.
_RAISED = (Exception, SystemExit)


class Plugins:
    """The plug-ins of one configuration.

    installed:   use the entry points of installed packages
    directories: folders whose *.py files are plug-ins, except those that begin with an underscore; VIDEDIT_PLUGINS
                 (separated as PATH is) adds more
    objects:     modules or objects with hook implementations, by name
    only:        names of the installed plug-ins to load; None reads VIDEDIT_LOAD_PLUGINS, unset meaning all
    environment: whether VIDEDIT_PLUGINS and VIDEDIT_LOAD_PLUGINS are read
    """

    def __init__(
        self,
        *,
        installed: bool = True,
        directories: Iterable[str | Path] = (),
        objects: Mapping[str, object] | None = None,
        only: Iterable[str] | None = None,
        environment: bool = True,
    ) -> None:
        self._made_of: dict[str, Any] = {
            "installed": installed,
            "directories": tuple(directories),
            "objects": dict(objects or {}),
            "only": None if only is None else tuple(only),
            "environment": environment,
        }
        self._manager = pluggy.PluginManager(hookspecs.PROJECT_NAME)
        self._manager.add_hookspecs(hookspecs)
        self._trace = os.environ.get("VIDEDIT_TRACE_PLUGINS", "") not in ("", "0")
        self._by_role: dict[Role, dict[str, list[Registration]]] = {role: {} for role in ROLES}
        self.found: list[Found] = []
        if installed:
            chosen = self._made_of["only"]
            self._load_installed(set(chosen) if chosen is not None else _listed() if environment else None)
        folders = [*(from_environment() if environment else ()), *map(_named, self._made_of["directories"])]
        for directory in {path.resolve(): path for path in folders}.values():
            self._load_directory(directory)
        for name, plugin in (objects or {}).items():
            self._register(Found(name, "this program"), functools.partial(itself, plugin))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle it as what it is made of: another process, whatever its folder, finds the same plug-ins by itself."""
        made_of = dict(self._made_of)
        if made_of.pop("environment"):
            made_of["directories"] = (*from_environment(), *made_of["directories"])
            if made_of["only"] is None and (listed := _listed()) is not None:
                made_of["only"] = tuple(sorted(listed))
        made_of["directories"] = tuple(Path(one).resolve() for one in made_of["directories"])
        return _again, (made_of,)

    @property
    def checkpoint_tables(self) -> list[str]:
        """Paths or texts of the TOML tables that plug-ins bring, for `CheckpointStore`."""
        return [table for one in self.found for table in one.checkpoint_tables]

    # -- loading ---------------------------------------------------------------------------------------------------

    def _load_installed(self, wanted: set[str] | None) -> None:
        entries = sorted(metadata.entry_points(group=GROUP), key=lambda entry: entry.name)
        for entry in entries:
            if wanted is not None and entry.name not in wanted:
                continue
            source = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            if not any(one.name == entry.name and one.source == source for one in self.found):
                self._register(Found(entry.name, source), entry.load)

    def _load_directory(self, directory: Path) -> None:
        if not directory.is_dir():
            raise OptionError("the plug-in folder does not exist", where=str(directory))
        for path in sorted(directory.glob("[!_]*.py")):
            self._register(Found(path.stem, str(path), version_of(path)), functools.partial(import_file, path))

    def _register(self, one: Found, load: Callable[[], object]) -> None:
        """Load one plug-in and ask it what it offers; whatever it raises is kept in `one`."""
        self.found.append(one)
        plugin: object = None
        try:
            plugin = load()
            self._manager.register(plugin, name=one.title)
            self._check_hooks(plugin)
            self._ask(one, plugin)
        except _RAISED as error:
            # Catching whatever a plug-in raises is the point: one broken plug-in must not take the others with it.
            one.error, one.trace = in_one_line(error), traceback.format_exc()
            self._withdraw(one, plugin)
            if os.environ.get("VIDEDIT_STRICT_PLUGINS", "") not in ("", "0"):
                raise BrokenPlugin(one.error, where=f"plug-in {one.title}") from error
            log.warning("plug-in %s is left out: %s", one.title, one.error)

    def _withdraw(self, one: Found, plugin: object) -> None:
        if plugin is not None and self._manager.get_plugin(one.title) is plugin:
            self._manager.unregister(plugin)
            forget_file(plugin)
        for offer in one.offers:
            self._by_role[offer.role][offer.name].remove(offer)
        one.offers, one.checkpoint_tables, one.hooks = [], [], []

    def _check_hooks(self, plugin: object) -> None:
        """Raise BrokenPlugin if a hook is misspelt, which pluggy alone lets pass, or wrapped."""
        known = [name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), f"{GROUP}_spec")]
        for caller in self._manager.get_hookcallers(plugin) or []:
            own = [one for one in caller.get_hookimpls() if one.plugin is plugin]
            if caller.name not in known and not all(one.optionalhook for one in own):
                near = difflib.get_close_matches(caller.name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"hooks: {', '.join(known)}"
                raise BrokenPlugin(f"there is no hook {caller.name!r}", next_step=hint)
            if any(one.wrapper or one.hookwrapper for one in own):
                # Each implementation is called alone, so that its faults are its own; nothing is there to wrap.
                raise BrokenPlugin(f"the hook {caller.name} cannot be wrapped", next_step="implement it plainly")

    def _ask(self, one: Found, plugin: object) -> None:
        one.hooks = sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or [])
        for name in one.hooks:
            if not name.startswith("register_") or name == "register_commands":
                continue
            role: Any = name.removeprefix("register_").removesuffix("s")
            register = self._table_taker(one) if name == "register_checkpoints" else self._registrar(role, one)
            for implementation in self._implementations(name):
                if implementation.plugin is plugin:
                    self._call(name, implementation, {"register": register})

    def _table_taker(self, one: Found) -> Callable[[str | Path], None]:
        def register(table: str | Path) -> None:
            from videdit.checkpoints.registry import read_registry

            # Read now, while it is known whose a fault is; one file described by two plug-ins is neither's fault alone.
            read_registry([str(table)])
            one.checkpoint_tables.append(str(table))

        return register

    def _registrar(self, role: Role, one: Found) -> hookspecs.Register:
        def register(
            name: str,
            factory: Callable[..., Any],
            options: type[Options] | None = None,
            *,
            checkpoints: Sequence[str] = (),
            rank: int = 0,
            summary: str = "",
            finds: Sequence[str] = (),
        ) -> None:
            model = options if options is not None else getattr(factory, "Options", Options)
            check_offer(role, name, factory, model)
            if any((offer.role, offer.name) == (role, name) for offer in one.offers):
                raise BrokenPlugin(f"it registers the {role.replace('_', ' ')} {name!r} twice")
            text = summary or (factory.__doc__ or "").strip().split("\n")[0]
            words = tuple(word.lower() for word in finds)
            offer = Registration(role, name, factory, model, tuple(checkpoints), rank, text, one.name, words)
            one.offers.append(offer)
            self._by_role[role].setdefault(name, []).append(offer)

        return register

    def _implementations(self, hook: str) -> list[Any]:
        """Return a hook's implementations in pluggy's order: the plug-in loaded last first, tryfirst before it."""
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def _call(self, hook: str, implementation: Any, arguments: Mapping[str, Any]) -> Any:
        """Call one implementation of a hook with the arguments it asks for."""
        wanted = {name: arguments[name] for name in implementation.argnames}
        if not self._trace:
            return implementation.function(**wanted)
        shown = ", ".join(key if callable(value) else f"{key}={reprlib.repr(value)}" for key, value in wanted.items())
        line = f"hook {hook} of {implementation.plugin_name}({shown})"
        try:
            result = implementation.function(**wanted)
        except BaseException as error:
            print(f"{line} raised {type(error).__name__}: {error}", file=sys.stderr)
            raise
        print(f"{line} -> {reprlib.repr(result)}", file=sys.stderr)
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
        except _RAISED as error:
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
        """Let each plug-in add commands to a typer.Typer; one that fails, or takes a name that is taken, is named."""
        for implementation in self._implementations("register_commands"):
            # Each gets a command line of its own: what is wrong with it shows there, and cannot spoil the others'.
            own = type(cli)()
            try:
                self._call("register_commands", implementation, {"cli": own})
                _adopt_commands(cli, own)
            except _RAISED as error:
                if os.environ.get("VIDEDIT_STRICT_PLUGINS", "") not in ("", "0"):
                    raise BrokenPlugin(in_one_line(error), where=f"plug-in {implementation.plugin_name}") from error
                reason = in_one_line(error)
                log.warning("plug-in %s cannot add its commands: %s", implementation.plugin_name, reason)

    def open_video(self, source: str, options: Mapping[str, Any]) -> Any:
        """Return the reader of the first plug-in that can read `source`, or None."""
        for implementation in self._implementations("open_video"):
            try:
                reader = self._call("open_video", implementation, {"source": source, "options": dict(options)})
            except VideditError:
                raise
            except _RAISED as error:
                raise BrokenPlugin(
                    f"open_video raised {type(error).__name__}: {error}", where=implementation.plugin_name
                ) from error
            if reader is not None:
                return reader
        return None

    def masks_ready(self, shot: Any, masks: Any) -> Any:
        """Pass the masks of a shot through every plug-in that wants to change them."""
        for implementation in self._implementations("masks_ready"):
            try:
                changed = self._call("masks_ready", implementation, {"shot": shot, "masks": masks})
            except VideditError:
                raise
            except _RAISED as error:
                raise BrokenPlugin(
                    f"masks_ready raised {type(error).__name__}: {error}",
                    where=f"{implementation.plugin_name}, shot {shot}",
                ) from error
            masks = masks if changed is None else changed
        return masks

    def mask_changers(self) -> list[str]:
        """Return the plug-ins that change masks, with their versions; part of the key of what is rendered."""
        return [one.key for one in self.found if "masks_ready" in one.hooks]

    def emit(self, event: Any) -> None:
        """Tell every plug-in of an event; what one raises is logged."""
        for implementation in self._implementations("pipeline_event"):
            try:
                self._call("pipeline_event", implementation, {"event": event})
            except _RAISED:
                log.exception("plug-in %s failed on an event", implementation.plugin_name)

    def followed(self, report: Report) -> Report:
        """Return a Report that lets every plug-in follow the progress before `report` gets it."""

        def tell(step: Progress) -> None:
            self.emit(step)
            report(step)

        return tell


def _again(made_of: Mapping[str, Any]) -> Plugins:
    return Plugins(**made_of, environment=False)


def _named(directory: str | Path) -> Path:
    if not str(directory):
        # Else it would be the present folder, whatever lies there.
        raise OptionError("no plug-in folder is named", next_step="write --plugins-dir FOLDER")
    return Path(directory)


def _listed() -> set[str] | None:
    """Return the names in VIDEDIT_LOAD_PLUGINS; None if it is not set. A name that is not installed is told."""
    listed = os.environ.get("VIDEDIT_LOAD_PLUGINS")
    if listed is None:
        return None
    wanted = {name.strip() for name in listed.split(",") if name.strip()}
    unknown = wanted - {entry.name for entry in metadata.entry_points(group=GROUP)}
    if unknown:
        log.warning("VIDEDIT_LOAD_PLUGINS names %s, which is not installed", ", ".join(sorted(unknown)))
    return wanted


def _adopt_commands(cli: Any, own: Any) -> None:
    """Move the commands and groups of `own` to `cli`. Raises if one cannot be built, or its name is taken."""
    from typer.main import get_group

    taken = get_group(cli).commands
    for name in get_group(own).commands:
        if name in taken:
            raise BrokenPlugin(f"there is a command {name!r} already")
    cli.registered_commands += own.registered_commands
    cli.registered_groups += own.registered_groups


def _present(checkpoint: str, runtime: Runtime) -> bool:
    try:
        runtime.find_checkpoint(checkpoint)
    except MissingCheckpoint:
        return False
    return True
