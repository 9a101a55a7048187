"""The tables of a file of masks, and the checks that a file is one."""

from __future__ import annotations

import sqlite3
import time

from videdit.errors import ProjectError
from videdit.masks.connections import Connections

SCHEMA_VERSION = 2
# "vdit" in ASCII, in the header of every file that this module made.
APPLICATION_ID = 0x76646974

_TABLES = (
    "CREATE TABLE film (height INTEGER NOT NULL, width INTEGER NOT NULL)",
    """CREATE TABLE masks (
        object_id INTEGER NOT NULL, frame INTEGER NOT NULL,
        x0 INTEGER NOT NULL, y0 INTEGER NOT NULL, x1 INTEGER NOT NULL, y1 INTEGER NOT NULL,
        area_px INTEGER NOT NULL, score REAL NOT NULL, origin TEXT NOT NULL, evidence TEXT NOT NULL,
        bits BLOB NOT NULL, probability BLOB,
        PRIMARY KEY (object_id, frame)
    )""",
    "CREATE INDEX masks_by_frame ON masks (frame, object_id)",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE blobs (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
)


_TRIES = 200
_PAUSE_SECONDS = 0.02


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for its lock here as it does elsewhere: others may be beginning the same file.
    for _ in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
    connection.execute("PRAGMA journal_mode = WAL")


def prepare(connections: Connections, size: tuple[int, int] | None) -> tuple[int, int]:
    """Make the tables if the database is new, check them if it is not, and return height and width of the film.

    Raises ProjectError if the database is something else, of a newer version, or of a film of another size.
    """
    with connections.use() as connection:
        if _is_blank(connection):
            if size is None:
                raise ProjectError("the file holds no masks yet", where=connections.where)
            # Cannot be changed inside a transaction; where WAL is impossible SQLite keeps its other journal.
            _switch_to_wal(connection)
            with connections.transaction():
                # Another process may have made the tables since the question was asked.
                if _is_blank(connection):
                    _create(connection, size)
        size = _check(connection, connections.where, size)
        if _pragma(connection, "user_version") < SCHEMA_VERSION:
            with connections.transaction():
                if _pragma(connection, "user_version") < SCHEMA_VERSION:
                    _update(connection)
        return size


def _is_blank(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return tables == 0 and _pragma(connection, "application_id") == 0


def _create(connection: sqlite3.Connection, size: tuple[int, int]) -> None:
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO film VALUES (?, ?)", size)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _update(connection: sqlite3.Connection) -> None:
    """Bring the tables of format 1 to this one: it knew no probabilities."""
    connection.execute("ALTER TABLE masks ADD COLUMN probability BLOB")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _check(connection: sqlite3.Connection, where: str, size: tuple[int, int] | None) -> tuple[int, int]:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise ProjectError("the database is no file of masks", where=where)
    version = _pragma(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise ProjectError(
            f"a newer videdit wrote the file (format {version}, this one reads up to {SCHEMA_VERSION})",
            where=where,
            next_step="update videdit",
        )
    row = connection.execute("SELECT height, width FROM film").fetchone()
    if row is None:
        raise ProjectError("the file is damaged, or no file of masks", where=where)
    height, width = int(row[0]), int(row[1])
    if size is not None and size != (height, width):
        raise ProjectError(
            f"the masks are {width}x{height}, but the film is {size[1]}x{size[0]}",
            where=where,
            next_step="name another project folder",
        )
    return height, width


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
