"""Put the commands together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import videdit
from videdit.cli import console
from videdit.cli.effect_commands import add_effect_commands
from videdit.cli.film_commands import add_film_commands
from videdit.cli.mask_commands import mask_commands
from videdit.cli.object_commands import object_commands
from videdit.cli.picking import add_pick_command
from videdit.cli.plugin_commands import plugin_commands
from videdit.cli.running import DEBUG
from videdit.cli.session import Session
from videdit.cli.system_commands import add_system_commands, checkpoint_commands
from videdit.errors import VideditError
from videdit.plugins import Plugins

_NAMES = {
    "probe", "shots", "track", "render", "run", "pick", "doctor", "example", "objects", "masks", "plugins",
    "checkpoints",
}  # fmt: skip


def build(plugins: Plugins) -> typer.Typer:
    """Return the command line over some plug-ins."""
    session = Session(plugins)
    app = typer.Typer(
        name="videdit",
        help="Point at something in a film and remove it, blur it, or replace what is behind it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_global_flags)
    add_effect_commands(app, session, _NAMES)
    add_film_commands(app, session)
    add_pick_command(app, session)
    app.add_typer(object_commands(session), name="objects", rich_help_panel="Edit a film")
    app.add_typer(mask_commands(session), name="masks", rich_help_panel="Edit a film")
    app.add_typer(plugin_commands(session), name="plugins")
    app.add_typer(checkpoint_commands(session), name="checkpoints")
    add_system_commands(app, session)
    plugins.add_commands(app)
    return app


def _global_flags(
    plugins_dir: Annotated[
        list[str] | None, typer.Option("--plugins-dir", help="A folder of plug-in files; may be repeated.")
    ] = None,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Use none but videdit's own plug-ins.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        console.out.print(videdit.__version__, markup=False)
        raise typer.Exit
    if debug:
        os.environ[DEBUG] = "1"


def _folders(arguments: Sequence[str]) -> list[str]:
    """Find --plugins-dir before the commands are known, since plug-ins add commands."""
    folders = []
    for number, argument in enumerate(arguments):
        if argument == "--plugins-dir" and number + 1 < len(arguments):
            folders.append(arguments[number + 1])
        elif argument.startswith("--plugins-dir="):
            folders.append(argument.partition("=")[2])
    return folders


OWN_PLUGINS = ("builtin", "remove", "blur", "background", "sam", "xmem", "e2fgvi", "faces")


def run(arguments: Sequence[str]) -> Any:
    """Run the command line; raises SystemExit with the exit code."""
    try:
        only = OWN_PLUGINS if "--no-plugins" in arguments else None
        plugins = Plugins(directories=_folders(arguments), only=only)
    except VideditError as error:
        console.show_error(error, as_json="--json" in arguments)
        sys.exit(error.exit_code)
    build(plugins)(args=list(arguments), prog_name="videdit")
