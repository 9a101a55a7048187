"""MaskTrack: all masks of one film, in one SQLite file."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from videdit.errors import OptionError, ProjectError
from videdit.frames import Mask, Region
from videdit.masks.connections import Connections
from videdit.masks.entry import MaskEntry
from videdit.masks.label_map import LabelMap
from videdit.masks.packed import PackedMask
from videdit.masks.packed_probability import PackedProbability
from videdit.masks.schema import prepare

IN_MEMORY = ":memory:"

_COLUMNS = "object_id, frame, x0, y0, x1, y1, area_px, score, origin, evidence, bits, probability"
_END = 2**62
# Read in batches, so that no read stays open while the caller works on what it got.
_BATCH = 128


class MaskTrack:
    """All masks of one film, by object and frame; safe to use from several threads.

    Each object's masks stand alone: they may overlap others, and changing them leaves the others' bytes as they are.
    A frame without an entry was not tracked yet; one with an empty mask was, and the object is absent there.
    Facts (JSON) and blobs by name share the file, so that a chunk's masks and the record that it is done can be
    written in one transaction.
    """

    def __init__(self, connections: Connections, size: tuple[int, int], path: Path | None) -> None:
        self._connections = connections
        self._size = size
        self.path = path

    @classmethod
    def open(cls, path: str | Path, *, size: tuple[int, int] | None = None, create: bool = True) -> MaskTrack:
        """Open a file of masks, or begin one.

        path:   the file, or ":memory:"
        size:   height and width of the film; needed to begin a file, checked against one that is there
        create: begin the file if there is none
        Raises ProjectError if there is none, or what is there is no file of masks, or is of another film or a newer
        version; OptionError if a file is to be begun without a size.
        """
        file = None if str(path) == IN_MEMORY else Path(path)
        is_new = file is None or not file.exists()
        if is_new and file is not None and not (create and file.parent.is_dir()):
            raise ProjectError("there is no such file of masks", where=str(file))
        if is_new and size is None:
            raise OptionError("a new file of masks needs the height and width of its film")
        connections = Connections(file)
        try:
            return cls(connections, prepare(connections, size), file)
        except BaseException:
            connections.close()
            raise

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the film in pixels."""
        return self._size

    def close(self) -> None:
        """Close the file. No thread may be reading from it."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside by this thread is there when the block ends, or nothing of it if it raises."""
        with self._connections.transaction():
            yield

    def put(self, entries: Iterable[MaskEntry]) -> None:
        """Store entries in one transaction; each takes the place of the one of its object and frame.

        Raises ProjectError, and stores none of them, if a mask has not the film's size.
        """
        with self._connections.transaction() as connection:
            connection.executemany(
                f"INSERT OR REPLACE INTO masks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(self._row, entries),
            )

    def delete(self, object_id: int, start: int | None = None, stop: int | None = None) -> None:
        """Drop an object's entries in [start, stop): those frames are not tracked any more."""
        with self._connections.transaction() as connection:
            connection.execute(
                "DELETE FROM masks WHERE object_id = ? AND frame >= ? AND frame < ?", (object_id, *_span(start, stop))
            )

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, object_id: int, index: int) -> MaskEntry | None:
        """Return an object's entry on a frame; None if it was not tracked there."""
        row = self._one(f"SELECT {_COLUMNS} FROM masks WHERE object_id = ? AND frame = ?", (object_id, index))
        return None if row is None else self._entry(row)

    def entries(self, object_id: int, start: int | None = None, stop: int | None = None) -> Iterator[MaskEntry]:
        """Yield an object's entries in [start, stop) by ascending frame; never more than a batch in memory."""
        begin, end = _span(start, stop)
        query = (
            f"SELECT {_COLUMNS} FROM masks WHERE object_id = ? AND frame >= ? AND frame < ? ORDER BY frame "
            f"LIMIT {_BATCH}"
        )
        while rows := self._all(query, (object_id, begin, end)):
            yield from map(self._entry, rows)
            begin = rows[-1][1] + 1

    def at(self, index: int, object_ids: Iterable[int] | None = None) -> dict[int, MaskEntry]:
        """Return the entries on a frame by object id: of the objects named, in that order, or of all, ascending."""
        if object_ids is not None:
            found = ((object_id, self.get(object_id, index)) for object_id in object_ids)
            return {object_id: entry for object_id, entry in found if entry is not None}
        rows = self._all(f"SELECT {_COLUMNS} FROM masks WHERE frame = ? ORDER BY object_id", (index,))
        return {row[0]: self._entry(row) for row in rows}

    def union(self, index: int, object_ids: Iterable[int] | None = None) -> Mask:
        """Return (H, W) bool: where any of the objects is on a frame; all False if none is."""
        together: Mask = np.zeros(self._size, dtype=np.bool_)
        for entry in self.at(index, object_ids).values():
            entry.mask.add_to(together)
        return together

    def label_map(self, index: int, order: Sequence[int] | None = None) -> LabelMap:
        """Return all objects of a frame in one array; where they overlap, the later one in `order` wins.

        order: object ids; those it does not name lie beneath. Default: ascending ids.
        """
        return LabelMap.of({one: entry.mask for one, entry in self.at(index).items()}, self._size, order)

    def object_ids(self) -> list[int]:
        """Return the ids of the objects with at least one entry, ascending."""
        return [row[0] for row in self._all("SELECT DISTINCT object_id FROM masks ORDER BY object_id")]

    def frames(self, object_id: int) -> list[int]:
        """Return the frames on which an object has an entry, ascending; those where it is absent included."""
        return [row[0] for row in self._all("SELECT frame FROM masks WHERE object_id = ? ORDER BY frame", (object_id,))]

    def digest(self, object_id: int | None = None, start: int | None = None, stop: int | None = None) -> str:
        """Return the SHA-256, in hex, of all that is stored of an object, or of all objects, in [start, stop)."""
        who = "" if object_id is None else "object_id = ? AND "
        query = f"SELECT {_COLUMNS} FROM masks WHERE {who}frame >= ? AND frame < ? ORDER BY object_id, frame"
        known = () if object_id is None else (object_id,)
        total = hashlib.sha256()
        with self._connections.use() as connection:
            for *facts, bits, probability in connection.execute(query, (*known, *_span(start, stop))):
                # The facts are numbers and JSON texts, so a line of them and the length leave no room for two readings.
                total.update(f"{json.dumps(facts)} {len(bits)}\n".encode())
                total.update(bits)
                if probability is not None:
                    total.update(f"{len(probability)}\n".encode())
                    total.update(probability)
        return total.hexdigest()

    # -- facts and blobs -------------------------------------------------------------------------------------------

    def kv_get(self, name: str) -> Any:
        """Return the fact of that name; None if there is none."""
        row = self._one("SELECT value FROM facts WHERE name = ?", (name,))
        return None if row is None else json.loads(row[0])

    def kv_set(self, name: str, value: Any) -> None:
        """Keep a fact, anything JSON can hold; None drops it."""
        if value is None:
            self._write("DELETE FROM facts WHERE name = ?", (name,))
            return
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))

    def blob_get(self, name: str) -> bytes | None:
        """Return the blob of that name; None if there is none."""
        row = self._one("SELECT value FROM blobs WHERE name = ?", (name,))
        return None if row is None else row[0]

    def blob_set(self, name: str, value: bytes) -> None:
        """Keep a blob: a tracker's snapshot, say. At most 1 GB."""
        self._write("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (name, value))

    def blob_delete(self, name: str) -> None:
        """Drop a blob; nothing happens if there is none."""
        self._write("DELETE FROM blobs WHERE name = ?", (name,))

    # -- rows ------------------------------------------------------------------------------------------------------

    def _row(self, entry: MaskEntry) -> tuple[Any, ...]:
        packed, region = entry.mask, entry.mask.region
        if packed.size != self._size:
            raise ProjectError(
                f"the mask is {packed.size[1]}x{packed.size[0]}, but the film is {self._size[1]}x{self._size[0]}",
                where=entry.where,
            )
        box = (region.x0, region.y0, region.x1, region.y1)
        evidence = _json(entry.evidence)
        return (
            entry.object_id, entry.index, *box, packed.area_px, float(entry.score), entry.origin, evidence, packed.bits,
            None if entry.probability is None else entry.probability.stored,
        )  # fmt: skip

    def _entry(self, row: Sequence[Any]) -> MaskEntry:
        object_id, index, x0, y0, x1, y1, area_px, score, origin, evidence, bits, stored = row
        packed = PackedMask(self._size, Region(x0, y0, x1, y1), bits, area_px)
        probability = None if stored is None else PackedProbability(stored)
        return MaskEntry(object_id, index, packed, score, origin, json.loads(evidence), probability)

    def _one(self, query: str, values: Sequence[Any] = ()) -> Any:
        with self._connections.use() as connection:
            return connection.execute(query, values).fetchone()

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._connections.use() as connection:
            return connection.execute(query, values).fetchall()

    def _write(self, query: str, values: Sequence[Any]) -> None:
        with self._connections.transaction() as connection:
            connection.execute(query, values)


def _span(start: int | None, stop: int | None) -> tuple[int, int]:
    return (0 if start is None else start, _END if stop is None else stop)


def _json(evidence: Mapping[str, Any]) -> str:
    # A figure that came out as NaN is evidence too, but JSON cannot say it; numpy's numbers are plain ones here.
    plain = {name: _plain(value) for name, value in evidence.items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
