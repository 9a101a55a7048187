"""Undo and redo of everything a person decides, kept in the project's database."""

from __future__ import annotations

from videdit.masks import MaskTrack

_NAME = "history"
KEPT_STATES = 200


class History:
    """A list of states, as text, and which one is current. A new state drops those that were undone."""

    def __init__(self, track: MaskTrack) -> None:
        self._track = track

    def _load(self) -> tuple[list[str], int]:
        kept = self._track.kv_get(_NAME)
        return ([], -1) if kept is None else (list(kept["states"]), int(kept["at"]))

    def _store(self, states: list[str], at: int) -> None:
        with self._track.transaction():
            self._track.kv_set(_NAME, {"states": states, "at": at})

    def record(self, state: str) -> None:
        """Make `state` the current one, unless it is already."""
        states, at = self._load()
        if 0 <= at < len(states) and states[at] == state:
            return
        states = [*states[: at + 1], state][-KEPT_STATES:]
        self._store(states, len(states) - 1)

    def undo(self) -> str | None:
        """Go back one state and return it; None if there is none before."""
        return self._move(-1)

    def redo(self) -> str | None:
        """Go forward one state and return it; None if none was undone."""
        return self._move(1)

    def _move(self, by: int) -> str | None:
        states, at = self._load()
        if not 0 <= at + by < len(states):
            return None
        self._store(states, at + by)
        return states[at + by]
