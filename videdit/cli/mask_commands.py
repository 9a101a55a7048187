"""The group `videdit masks`: take masks out of a project, and bring them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.project import open_project
from videdit.project.mask_files import EXPORTS, IMPORTS, export_masks, import_masks

_Project = Annotated[str, typer.Argument(help="A project folder.", show_default=False)]


def mask_commands(session: Session) -> typer.Typer:
    """Make the group."""
    app = typer.Typer(help="Take masks out of a project, and bring them in.", no_args_is_help=True)

    @app.command("export", help=f"Write the masks of a project. Formats: {', '.join(EXPORTS)}.")
    @guarded
    def export(
        project: _Project,
        destination: Annotated[str, typer.Argument(help="A file or folder, as the format needs.", show_default=False)],
        kind: Annotated[str, typer.Option("--format", "-f", help="One of the formats above.")] = "palette",
        objects: Annotated[
            list[str] | None, typer.Option("--object", help="This object alone; may be repeated.")
        ] = None,
    ) -> None:
        with (
            console.progress() as report,
            open_project(None, project, plugins=session.plugins) as opened,
        ):
            for sentence in export_masks(opened, Path(destination), kind, objects or (), report):
                console.say(sentence)
        console.out.print(destination, markup=False)

    @app.command("import", help=f"Bring masks into a project. Formats: {', '.join(IMPORTS)}.")
    @guarded
    def bring_in(
        project: _Project,
        source: Annotated[str, typer.Argument(help="A file or folder of masks.", show_default=False)],
        kind: Annotated[str, typer.Option("--format", "-f", help="One of the formats above.")] = "palette",
        film: Annotated[str | None, typer.Option("--film", help="The film, if the project is new.")] = None,
    ) -> None:
        with open_project(film, project, plugins=session.plugins) as opened:
            brought: Any = import_masks(opened, Path(source), kind)
        console.out.print(f"{brought} masks", markup=False)

    return app
