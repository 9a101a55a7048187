"""Put the commands together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import videdit
from videdit.cli import console
from videdit.cli.batch_commands import batch_commands
from videdit.cli.correcting import add_correct_command
from videdit.cli.effect_commands import add_effect_commands
from videdit.cli.evaluate_commands import evaluate_commands
from videdit.cli.faces_command import add_faces_command
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
    "checkpoints", "evaluate", "batch", "correct", "faces",
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
    add_faces_command(app, session)
    add_film_commands(app, session)
    add_correct_command(app, session)
    add_pick_command(app, session)
    app.add_typer(batch_commands(session), name="batch", rich_help_panel="Edit a film")
    app.add_typer(object_commands(session), name="objects", rich_help_panel="Edit a film")
    app.add_typer(mask_commands(session), name="masks", rich_help_panel="Edit a film")
    app.add_typer(evaluate_commands(session), name="evaluate")
    app.add_typer(plugin_commands(session), name="plugins")
    app.add_typer(checkpoint_commands(session), name="checkpoints")
    add_system_commands(app, session)
    plugins.add_commands(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        console.out.print(videdit.__version__, markup=False)
        raise typer.Exit


def _global_flags(
    plugins_dir: Annotated[
        list[str] | None, typer.Option("--plugins-dir", help="A folder of plug-in files; may be repeated.")
    ] = None,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Use none but videdit's own plug-ins.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Point at something in a film and remove it, blur it, or replace what is behind it."""
    # All but the version are taken out before the commands are known; they stand here for the help.


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str], set[str]]:
    """Take the global flags out, wherever they stand: return the rest, the plug-in folders, and the switches.

    They are needed before the commands are known, since plug-ins add commands.
    """
    rest: list[str] = []
    folders: list[str] = []
    switches: set[str] = set()
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument == "--plugins-dir":
            folders += [next(waiting, "")]
        elif argument.startswith("--plugins-dir="):
            folders.append(argument.partition("=")[2])
        elif argument in ("--debug", "--no-plugins"):
            switches.add(argument)
        else:
            rest.append(argument)
    return rest, folders, switches


OWN_PLUGINS = ("builtin", "remove", "blur", "background", "sam", "xmem", "e2fgvi", "faces", "executors")


def run(arguments: Sequence[str]) -> Any:
    """Run the command line; raises SystemExit with the exit code."""
    rest, folders, switches = _split(arguments)
    if "--debug" in switches:
        os.environ[DEBUG] = "1"
    try:
        bare = "--no-plugins" in switches
        plugins = Plugins(directories=folders, only=OWN_PLUGINS if bare else None, environment=not bare)
    except VideditError as error:
        console.show_error(error, as_json="--json" in rest)
        sys.exit(error.exit_code)
    build(plugins)(args=rest, prog_name="videdit")
