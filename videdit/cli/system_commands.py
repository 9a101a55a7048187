"""Commands about the program itself: plug-ins, checkpoints, the doctor, the example."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import DoubtfulResult

_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_Id = Annotated[str, typer.Argument(help="A file's id, from `videdit checkpoints list`.", show_default=False)]
_Trust = Annotated[bool, typer.Option("--trust-on-first-use", help="Take a file whose digest nobody published.")]


def add_system_commands(app: typer.Typer, session: Session) -> None:
    """Add doctor and example."""

    @app.command("doctor")
    @guarded
    def doctor(as_json: _Json = False) -> None:
        """Tell what is installed, which engines would be taken, what is missing, and the command that mends it."""
        from videdit.doctor import examine

        report = examine(session.plugins)
        if as_json:
            console.show_json(report.as_dict())
        else:
            for line in report.lines():
                console.out.print(line, markup=False)
        if not report.healthy:
            raise DoubtfulResult(f"{len(report.problems)} things do not work", next_step="run the commands above")

    @app.command("example")
    @guarded
    def example(
        folder: Annotated[str, typer.Argument(help="Where the films go.")] = "videdit-example", as_json: _Json = False
    ) -> None:
        """Make the example films: a moving thing to remove, and a face to blur, each with its truth."""
        from videdit.example import make_example

        with console.progress(quiet=as_json) as report:
            made = make_example(Path(folder), report)
        if as_json:
            console.show_json(made.as_dict())
        else:
            for line in made.lines():
                console.out.print(line, markup=False)


def checkpoint_commands(session: Session) -> typer.Typer:
    """Make the group `videdit checkpoints`."""
    app = typer.Typer(help="Files of weights.", no_args_is_help=True)

    def store() -> Any:
        from videdit.checkpoints import CheckpointStore

        return CheckpointStore(session.plugins.checkpoint_tables)

    @app.command("list")
    @guarded
    def list_checkpoints(as_json: _Json = False) -> None:
        """List the files that are known: what for, under which licence, and whether they are here."""
        rows = store().list()
        if as_json:
            console.show_json(
                [
                    {
                        "id": row.entry.id,
                        "role": row.entry.role,
                        "state": row.state,
                        "path": str(row.path),
                        "license": row.entry.license_summary,
                        "accepted": row.accepted,
                        "command": row.command,
                    }
                    for row in rows
                ]
            )
            return
        for row in rows:
            console.out.print(
                f"{row.state:9}  {row.entry.id:28} {row.entry.role:10} {row.entry.license_summary}", markup=False
            )

    @app.command("pull")
    @guarded
    def pull(
        id: _Id,
        accept_license: Annotated[
            bool, typer.Option("--accept-license", help="Accept the licence, on record.")
        ] = False,
        trust_on_first_use: _Trust = False,
    ) -> None:
        """Fetch a file; resumed if it broke off, checked, and put in its place when it is whole."""
        with console.progress() as report:
            path = store().pull(id, report, accept_license=accept_license, trust_on_first_use=trust_on_first_use)
        console.out.print(str(path), markup=False)

    @app.command("verify")
    @guarded
    def verify(id: _Id, trust_on_first_use: _Trust = False) -> None:
        """Read a file whole and compare it with what is known of it."""
        with console.progress() as report:
            path = store().verify(id, trust_on_first_use=trust_on_first_use, progress=report)
        console.out.print(f"{path}: whole and right", markup=False)

    @app.command("path")
    @guarded
    def path(id: _Id) -> None:
        """Print where a file lies, or where it would be put."""
        console.out.print(str(store().path(id)), markup=False)

    @app.command("accept")
    @guarded
    def accept(id: _Id) -> None:
        """Accept the licence of a file, once, on record."""
        console.out.print(str(store().accept(id)), markup=False)

    return app
