"""Find plug-ins, load each alone, and ask it what it offers.

One that raises, or calls sys.exit while it is imported, is named in `found` and the others go on.
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
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy

from videdit import hookspecs
from videdit.errors import BrokenPlugin, OptionError
from videdit.plugins.files import forget_file, from_environment, import_file, in_one_line, itself, version_of
from videdit.plugins.offers import ROLES, Found, Registration, Role, check_offer
from videdit.runtime import Options

log = logging.getLogger(__name__)

GROUP = hookspecs.PROJECT_NAME

# What a plug-in may raise without taking the program with it.
RAISED = (Exception, SystemExit)


class LoadedPlugins:
    """The plug-ins of one configuration, loaded; see `Plugins` for its arguments."""

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
            self._load_installed(set(chosen) if chosen is not None else listed() if environment else None)
        folders = [*(from_environment() if environment else ()), *map(_named, self._made_of["directories"])]
        for directory in {path.resolve(): path for path in folders}.values():
            self._load_directory(directory)
        for name, plugin in (objects or {}).items():
            self._register(Found(name, "this program"), functools.partial(itself, plugin))

    @property
    def checkpoint_tables(self) -> list[str]:
        """Paths or texts of the TOML tables that plug-ins bring, for `CheckpointStore`."""
        return [table for one in self.found for table in one.checkpoint_tables]

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
        except RAISED as error:
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


def _named(directory: str | Path) -> Path:
    if not str(directory):
        # Else it would be the present folder, whatever lies there.
        raise OptionError("no plug-in folder is named", next_step="write --plugins-dir FOLDER")
    return Path(directory)


def listed() -> set[str] | None:
    """Return the names in VIDEDIT_LOAD_PLUGINS; None if it is not set. A name that is not installed is told."""
    named = os.environ.get("VIDEDIT_LOAD_PLUGINS")
    if named is None:
        return None
    wanted = {name.strip() for name in named.split(",") if name.strip()}
    unknown = wanted - {entry.name for entry in metadata.entry_points(group=GROUP)}
    if unknown:
        log.warning("VIDEDIT_LOAD_PLUGINS names %s, which is not installed", ", ".join(sorted(unknown)))
    return wanted
