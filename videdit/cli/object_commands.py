"""Commands about the objects of a project."""

from __future__ import annotations

from typing import Annotated

import typer

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.project import open_project

_Project = Annotated[str, typer.Argument(help="A project folder.", show_default=False)]
_Name = Annotated[str, typer.Argument(help="An object's name, or its id.", show_default=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def object_commands(session: Session) -> typer.Typer:
    """Make the group `videdit objects`."""
    app = typer.Typer(help="The objects of a project.", no_args_is_help=True)

    @app.command("list")
    @guarded
    def list_objects(project: _Project, as_json: _Json = False) -> None:
        """List the objects with the frames they are on."""
        with open_project(None, project, plugins=session.plugins) as opened:
            rows = opened.summary()
        if as_json:
            console.show_json(rows)
        for row in rows if not as_json else []:
            console.out.print(
                f"{row['id']:5d}  {row['name']}: {row['frames']} frames, absent on {row['absent']}, "
                f"to review {row['doubtful']}",
                markup=False,
            )

    @app.command("review")
    @guarded
    def review(project: _Project, as_json: _Json = False) -> None:
        """List the frames whose masks are most in doubt, worst first."""
        with open_project(None, project, plugins=session.plugins) as opened:
            rows = opened.review()
        if as_json:
            console.show_json(rows)
        for row in rows if not as_json else []:
            console.out.print(f"frame {row['frame']:6d}  {row['object']}  score {row['score']:.2f}", markup=False)

    @app.command("rename")
    @guarded
    def rename(project: _Project, name: _Name, new_name: Annotated[str, typer.Argument(help="The new name.")]) -> None:
        """Give an object another name; its id and masks stay."""
        with open_project(None, project, plugins=session.plugins) as opened:
            opened.rename_object(name, new_name)

    @app.command("drop")
    @guarded
    def drop(project: _Project, name: _Name) -> None:
        """Remove an object with its prompts and masks; its id is not given out again."""
        with open_project(None, project, plugins=session.plugins) as opened:
            opened.drop_object(name)

    return app
