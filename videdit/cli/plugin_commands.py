"""The group `videdit plugins`: list, check, and begin a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from videdit.cli import console
from videdit.cli.running import guarded
from videdit.cli.session import Session
from videdit.errors import DoubtfulResult
from videdit.plugins import Found

_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def plugin_commands(session: Session) -> typer.Typer:
    """Make the group."""
    app = typer.Typer(
        help="Plug-ins: what is there, what each offers, and what is broken.", invoke_without_command=True
    )

    @app.callback(invoke_without_command=True)
    @guarded
    def list_plugins(
        context: typer.Context,
        as_json: _Json = False,
        verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the traces of broken ones.")] = False,
        broken: Annotated[bool, typer.Option("--broken", help="Show broken ones alone.")] = False,
    ) -> None:
        """List the plug-ins, what each offers, and what is broken."""
        if context.invoked_subcommand is not None:
            return
        shown = [one for one in session.plugins.found if one.error or not broken]
        if as_json:
            console.show_json([_row(one) for one in shown])
            return
        for one in shown:
            state = f"broken: {one.error}" if one.error else ", ".join(one.hooks) or "no hooks"
            console.out.print(f"{one.name} ({one.source}): {state}", markup=False)
            for offer in one.offers:
                console.out.print(
                    f"    {offer.role.replace('_', ' '):13} {offer.name:14} {offer.summary}", markup=False
                )
            if verbose and one.trace:
                console.out.print(one.trace, markup=False)

    @app.command("new")
    @guarded
    def new(
        name: Annotated[str, typer.Argument(help="Name of the effect, for example glow.")],
        folder: Annotated[str, typer.Option("--folder", help="Where to put it.")] = ".",
    ) -> None:
        """Begin a plug-in: a package with one effect and its test, ready to install."""
        from videdit.scaffold import new_plugin

        made = new_plugin(name, Path(folder))
        for path in made:
            console.out.print(str(path), markup=False)

    @app.command("check")
    @guarded
    def check(
        name: Annotated[str, typer.Argument(help="A plug-in's name, or an effect's or engine's.")],
        as_json: _Json = False,
    ) -> None:
        """Put what a plug-in offers through the contract that the pipeline relies on."""
        from videdit.testing.contracts import check_plugin

        results = check_plugin(session.plugins, name)
        if as_json:
            console.show_json([one.as_dict() for one in results])
        else:
            for one in results:
                console.out.print(one.line, markup=False)
        failed = [one for one in results if not one.passed]
        if failed:
            raise DoubtfulResult(f"{len(failed)} of {len(results)} checks failed", where=name)

    return app


def _row(one: Found) -> dict[str, Any]:
    return {
        "name": one.name,
        "source": one.source,
        "hooks": one.hooks,
        "offers": [
            {
                "role": offer.role,
                "name": offer.name,
                "summary": offer.summary,
                "checkpoints": list(offer.checkpoints),
                "options": offer.options.model_json_schema().get("properties", {}),
            }
            for offer in one.offers
        ],
        "error": one.error,
        "trace": one.trace,
    }
