"""Run an evaluation part by part; finished parts are kept and never run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from videdit.evaluation.ledger import Ledger
from videdit.evaluation.tables import Column, Row, table_lines
from videdit.plugins import Plugins, Role
from videdit.progress import Progress, Report
from videdit.runtime import Runtime
from videdit.tracking.keys import weights_of

Tick: TypeAlias = Callable[[], None]
"""To be called after each frame."""
Record: TypeAlias = dict[str, Any]

STAGE = "evaluating"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    folder: where tables, plots, contact sheets and result files are
    columns, rows: the table; its last row is the mean
    notes:  sentences for the person
    """

    folder: Path
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def lines(self) -> list[str]:
        """Return the table as text."""
        return table_lines(self.columns, self.rows)


def run_parts(
    frames_of: Mapping[str, int], ledger: Ledger, work: Callable[[str, Tick], Record], report: Report
) -> dict[str, Record]:
    """Return the record of every part, from the ledger or from `work(part, tick)`, which is then kept.

    frames_of: part -> how often `tick` will be called for it
    report:    hears of every frame; what it raises stops the run, with all finished parts kept
    """
    found = {part: ledger.find(part) for part in frames_of}
    count = _Count(
        report,
        sum(frames_of.values()),
        sum(frames for part, frames in frames_of.items() if found[part] is not None),
    )
    count.tell()
    records: dict[str, Record] = {}
    for number, (part, frames) in enumerate(frames_of.items(), 1):
        record = found[part]
        if record is None:
            goal = count.done + frames
            ledger.keep(part, work(part, count.ticking(goal, f"{part}, {number} of {len(frames_of)}")))
            count.done = goal
            # Read back, so that a run in one go and one that was resumed see the same numbers.
            record = ledger.find(part)
            assert record is not None
        records[part] = record
    count.tell()
    return records


@dataclass(slots=True)
class _Count:
    """Frames done, of all."""

    report: Report
    total: int
    done: int

    def tell(self, note: str = "") -> None:
        self.report(Progress(STAGE, self.done, self.total, note=note))

    def ticking(self, goal: int, note: str) -> Tick:
        """Return a Tick that counts up to `goal` at most."""

        def tick() -> None:
            self.done = min(self.done + 1, goal)
            self.tell(note)

        return tick


def engine_settings(
    plugins: Plugins, runtime: Runtime, engines: Mapping[Role, str], options: Mapping[Role, Mapping[str, Any]] = {}
) -> dict[str, Any]:
    """Return the name that each role's engine has in the end, `auto` resolved, and the plug-in it is from.

    options: role -> options that were given; they are told in full, with the digests of the files they name

    Raises OptionError that names the wrong option.
    """
    chosen: dict[str, Any] = {}
    for role, name in engines.items():
        offer, _ = plugins.choose(role, runtime, name)
        chosen[role] = offer.name
        chosen[f"{role}_from"] = plugins.source(role, offer.name)
        if options.get(role):
            checked = plugins.check_options(offer, options[role])
            chosen[f"{role}_options"] = {
                "given": checked.model_dump(mode="json", include=set(options[role])),
                "weights": weights_of(offer, checked, runtime),
            }
    return chosen


def runtime_settings(runtime: Runtime) -> dict[str, Any]:
    """Return what of the runtime the figures depend on."""
    return {"device": runtime.device, "quality": runtime.quality, "learned": runtime.learned}
