"""Look at everything and make the report."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from videdit.checkpoints import CheckpointRow, CheckpointStore
from videdit.doctor import libraries, machine
from videdit.doctor.report import Report, Row, Severity, join
from videdit.errors import PluginError, VideditError
from videdit.plugins import ROLES, Plugins, Registration, Role
from videdit.runtime import Runtime

_CHOSEN_ROLES: tuple[Role, ...] = ("segmenter", "tracker", "detector", "filler", "shot_detector")
_ESSENTIAL_ROLES: tuple[Role, ...] = ("segmenter", "tracker", "filler", "shot_detector")


def examine(plugins: Plugins, store: CheckpointStore | None = None) -> Report:
    """Look at the machine, the libraries, the plug-ins and the files of weights; change nothing.

    plugins: the configuration to look at
    store:   its files of weights; None makes one of the plug-ins' tables

    Libraries are tried in processes of their own, so the report comes out whatever is broken.
    """
    faults: list[Row] = []
    if store is None:
        store, faults = _open_store(plugins)
    answers = libraries.probe_all()
    return join(
        machine.machine_rows(),
        machine.disk_rows(
            [("this folder", Path.cwd()), ("temporary", Path(tempfile.gettempdir())), ("weights", store.folders[0])]
        ),
        libraries.package_rows(),
        libraries.library_rows(answers),
        libraries.encoder_rows(answers),
        libraries.device_rows(answers),
        plugin_rows(plugins),
        engine_rows(plugins, store),
        faults,
        checkpoint_rows(plugins, store),
    )


def _open_store(plugins: Plugins) -> tuple[CheckpointStore, list[Row]]:
    try:
        return CheckpointStore(plugins.checkpoint_tables), []
    except PluginError as error:
        row = Row("checkpoints", "tables of plug-ins", f"left out: {error}", "problem", "videdit plugins -v")
        return CheckpointStore(), [row]


def plugin_rows(plugins: Plugins) -> Iterator[Row]:
    """Tell which plug-ins loaded, which are broken, and which names are offered twice."""
    for one in plugins.found:
        name = f"{one.name} ({one.source})"
        if one.error:
            yield Row("plug-ins", name, f"broken: {one.error}", "problem", "videdit plugins -v")
        else:
            offers = ", ".join(f"{offer.role.replace('_', ' ')} {offer.name}" for offer in one.offers)
            yield Row("plug-ins", name, offers or f"hooks: {', '.join(one.hooks) or 'none'}")
    for role in ROLES:
        for name in plugins.names(role):
            try:
                plugins.find(role, name)
            except VideditError as error:
                yield Row("plug-ins", name, error.what, "problem", "videdit plugins -v")


def engine_rows(plugins: Plugins, store: CheckpointStore) -> Iterator[Row]:
    """Tell what `auto` takes for each role and why, and what would have to be fetched for the others."""
    runtime = Runtime(find_checkpoint=store.find)
    for role in _CHOSEN_ROLES:
        name = role.replace("_", " ")
        if not plugins.names(role):
            severity: Severity = "problem" if role in _ESSENTIAL_ROLES else "note"
            yield Row("engines", name, "no plug-in offers one", severity, "videdit plugins")
            continue
        try:
            offer, why = plugins.choose(role, runtime)
        except VideditError as error:
            severity = "problem" if role in _ESSENTIAL_ROLES or not isinstance(error, PluginError) else "note"
            yield Row("engines", name, error.what, severity, _first_missing(plugins.all(role), store))
            continue
        command = _first_missing((one for one in plugins.all(role) if one.rank > offer.rank), store)
        yield Row("engines", name, f"auto takes {offer.name}: {why}", command=command)


def _first_missing(offers: Iterable[Registration], store: CheckpointStore) -> str:
    """Return the command for the best of these engines that only wants a file."""
    for offer in sorted(offers, key=lambda one: (-one.rank, one.name)):
        for id in offer.checkpoints:
            if id in store.entries and (command := store.row(id).command):
                return command
    return ""


def checkpoint_rows(plugins: Plugins, store: CheckpointStore) -> Iterator[Row]:
    """Tell which files of weights are here, and the one command for each that an engine here could use."""
    wanted = {id: offer.name for role in ROLES for offer in plugins.all(role) for id in offer.checkpoints}
    rest = 0
    for row in store.list():
        if row.state == "missing" and row.entry.id not in wanted:
            rest += 1
        else:
            yield _checkpoint_row(row, wanted.get(row.entry.id, ""))
    for unknown in sorted(set(wanted) - set(store.entries)):
        what = f"wanted by {wanted[unknown]}, but no table describes it"
        yield Row("checkpoints", unknown, what, "problem", "videdit plugins -v")
    if rest:
        yield Row("checkpoints", "others", f"{rest} more are known", "note", "videdit checkpoints list")


def _checkpoint_row(row: CheckpointRow, engine: str) -> Row:
    severity: Severity = {"present": "good", "missing": "note", "unchecked": "warning", "corrupt": "problem"}[row.state]  # type: ignore[assignment]
    text = f"{row.state}{f' (for {engine})' if engine else ''}"
    if row.state == "missing":
        size = f", {row.entry.size_bytes / 1e6:,.0f} MB" if row.entry.size_bytes else ""
        return Row("checkpoints", row.entry.id, f"{text}{size}, {row.entry.license_summary}", severity, row.command)
    text = f"{text}: {row.path}"
    if row.entry.needs_acceptance:
        text = f"{text}; licence: {row.entry.license_summary}"
        severity = "warning" if severity == "good" else severity
    return Row("checkpoints", row.entry.id, text, severity, row.command)
