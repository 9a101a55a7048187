"""The plug-ins of one configuration: what they offer, and the hooks that take part in the work itself."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videdit.errors import BrokenPlugin, VideditError
from videdit.plugins.engines import OfferedEngines
from videdit.plugins.files import from_environment, in_one_line
from videdit.plugins.loading import RAISED, listed
from videdit.progress import Progress, Report

log = logging.getLogger(__name__)


class Plugins(OfferedEngines):
    """The plug-ins of one configuration; two may live in one process.

    installed:   use the entry points of installed packages
    directories: folders whose *.py files are plug-ins, except those that begin with an underscore; VIDEDIT_PLUGINS
                 (separated as PATH is) adds more
    objects:     modules or objects with hook implementations, by name
    only:        names of the installed plug-ins to load; None reads VIDEDIT_LOAD_PLUGINS, unset meaning all
    environment: whether VIDEDIT_PLUGINS and VIDEDIT_LOAD_PLUGINS are read
    """

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle it as what it is made of: another process, whatever its folder, finds the same plug-ins by itself."""
        made_of = dict(self._made_of)
        if made_of.pop("environment"):
            made_of["directories"] = (*from_environment(), *made_of["directories"])
            if made_of["only"] is None and (names := listed()) is not None:
                made_of["only"] = tuple(sorted(names))
        made_of["directories"] = tuple(Path(one).resolve() for one in made_of["directories"])
        return _again, (made_of,)

    def add_commands(self, cli: Any) -> None:
        """Let each plug-in add commands to a typer.Typer; one that fails, or takes a name that is taken, is named."""
        for implementation in self._implementations("register_commands"):
            # Each gets a command line of its own: what is wrong with it shows there, and cannot spoil the others'.
            own = type(cli)()
            try:
                self._call("register_commands", implementation, {"cli": own})
                _adopt_commands(cli, own)
            except RAISED as error:
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
            except RAISED as error:
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
            except RAISED as error:
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
            except RAISED:
                log.exception("plug-in %s failed on an event", implementation.plugin_name)

    def followed(self, report: Report) -> Report:
        """Return a Report that lets every plug-in follow the progress before `report` gets it."""

        def tell(step: Progress) -> None:
            self.emit(step)
            report(step)

        return tell


def _again(made_of: Mapping[str, Any]) -> Plugins:
    return Plugins(**made_of, environment=False)


def _adopt_commands(cli: Any, own: Any) -> None:
    """Move the commands and groups of `own` to `cli`. Raises if one cannot be built, or its name is taken."""
    from typer.main import get_group

    taken = get_group(cli).commands
    for name in get_group(own).commands:
        if name in taken:
            raise BrokenPlugin(f"there is a command {name!r} already")
    cli.registered_commands += own.registered_commands
    cli.registered_groups += own.registered_groups
