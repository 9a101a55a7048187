"""MaskTrack: what is stored, in transactions, from several threads and programs."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videdit.errors import OptionError, ProjectError
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask
from videdit.masks.schema import SCHEMA_VERSION

SIZE = (12, 17)


def _entry(object_id: int, index: int, seed: int = 0, **facts: object) -> MaskEntry:
    generator = np.random.default_rng([object_id, index, seed])
    return MaskEntry(object_id, index, PackedMask.pack(generator.random(SIZE) < 0.3), **facts)  # type: ignore[arg-type]


@pytest.fixture(params=["file", "memory"])
def track(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MaskTrack]:
    where = IN_MEMORY if request.param == "memory" else tmp_path / "tracks.sqlite"
    with MaskTrack.open(where, size=SIZE) as opened:
        yield opened


def test_an_entry_comes_back_as_it_went_in(track: MaskTrack) -> None:
    entry = _entry(3, 12, score=0.25, origin="refined", evidence={"margin": 0.5, "why": "größer"})
    track.put([entry])
    assert track.get(3, 12) == entry
    assert track.get(3, 11) is None
    assert track.get(2, 12) is None


def test_absent_is_not_the_same_as_not_tracked(track: MaskTrack) -> None:
    track.put([MaskEntry(1, 5, PackedMask.absent(SIZE), 0.9, "absent")])
    there = track.get(1, 5)
    assert there is not None
    assert there.mask.empty
    assert track.get(1, 6) is None
    assert track.frames(1) == [5]
    assert not track.union(5).any()


def test_a_second_entry_takes_the_place_of_the_first(track: MaskTrack) -> None:
    track.put([_entry(1, 0)])
    track.put([_entry(1, 0, seed=1, origin="corrected")])
    assert track.get(1, 0) == _entry(1, 0, seed=1, origin="corrected")
    assert track.frames(1) == [0]


def test_entries_come_by_frame_and_in_the_range_asked_for(track: MaskTrack) -> None:
    frames = [*range(400, 0, -3)]
    track.put([_entry(1, index) for index in frames] + [_entry(2, 5)])
    assert [entry.index for entry in track.entries(1)] == sorted(frames)
    assert [entry.index for entry in track.entries(1, 10, 20)] == [
        index for index in sorted(frames) if 10 <= index < 20
    ]
    assert [entry.index for entry in track.entries(1, stop=5)] == [1, 4]


def test_the_track_may_be_written_while_it_is_read(track: MaskTrack) -> None:
    track.put([_entry(1, index) for index in range(300)])
    for entry in track.entries(1):
        track.put([MaskEntry(2, entry.index, entry.mask)])
    assert track.frames(2) == [*range(300)]


def test_a_frame_gives_its_objects_in_the_order_asked_for(track: MaskTrack) -> None:
    track.put([_entry(object_id, 4) for object_id in (9, 1, 65535)] + [_entry(2, 5)])
    assert list(track.at(4)) == [1, 9, 65535]
    assert list(track.at(4, [65535, 2, 1])) == [65535, 1]
    assert track.at(3) == {}
    assert track.object_ids() == [1, 2, 9, 65535]


def test_a_union_is_of_the_objects_named(track: MaskTrack) -> None:
    entries = [_entry(object_id, 0) for object_id in (1, 2, 3)]
    track.put(entries)
    one, two, three = (entry.mask.mask() for entry in entries)
    assert np.array_equal(track.union(0, [1, 3]), one | three)
    assert np.array_equal(track.union(0), one | two | three)
    assert not track.union(0, []).any()
    assert track.label_map(0, [3, 2, 1]).labels[one].tolist() == [1] * int(one.sum())


def test_deleting_touches_one_object_in_one_range(track: MaskTrack) -> None:
    track.put([_entry(object_id, index) for object_id in (1, 2) for index in range(10)])
    before = track.digest(2)
    track.delete(1, 3, 7)
    assert track.frames(1) == [0, 1, 2, 7, 8, 9]
    track.delete(1)
    assert track.frames(1) == []
    assert track.digest(2) == before


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 8), st.integers(0, 9), st.booleans()), max_size=20),
    st.integers(1, 4),
)
def test_changing_one_object_leaves_the_others_bytes_alone(
    changes: list[tuple[int, int, int, bool]], bystander: int
) -> None:
    with MaskTrack.open(IN_MEMORY, size=SIZE) as track:
        track.put(_entry(object_id, index) for object_id in range(1, 5) for index in range(0, 8, 2))
        before = track.digest(bystander)
        for object_id, index, seed, drop in changes:
            if object_id == bystander:
                continue
            if drop:
                track.delete(object_id, index, index + 2)
            else:
                track.put([_entry(object_id, index, seed)])
        assert track.digest(bystander) == before


def test_a_digest_tells_of_every_change(track: MaskTrack) -> None:
    track.put([_entry(1, 0), _entry(1, 1), _entry(2, 0)])
    seen = {track.digest(), track.digest(1), track.digest(2), track.digest(1, 1), track.digest(1, 1, 1)}
    assert len(seen) == 5
    for change in (
        _entry(1, 0, score=0.5),
        _entry(1, 0, origin="tracked"),
        _entry(1, 0, evidence={"a": 1}),
        _entry(1, 0, seed=7),
    ):
        track.put([change])
        assert track.digest(1) not in seen
        seen.add(track.digest(1))
    track.put([_entry(1, 0)])
    assert track.digest(1) in seen


def test_a_transaction_stays_whole_or_goes(track: MaskTrack) -> None:
    def killed_halfway() -> None:
        with track.transaction():
            track.put([_entry(1, 1)])
            track.delete(1, 0, 1)
            track.kv_set("done", {"chunk": 2})
            track.blob_delete("state")
            raise RuntimeError("killed")

    with track.transaction():
        track.put([_entry(1, 0)])
        track.kv_set("done", {"chunk": 1})
        track.blob_set("state", b"\x00\x01")
    with pytest.raises(RuntimeError, match="killed"):
        killed_halfway()
    assert track.frames(1) == [0]
    assert track.kv_get("done") == {"chunk": 1}
    assert track.blob_get("state") == b"\x00\x01"


def test_a_failed_part_goes_alone_when_the_rest_goes_on(track: MaskTrack) -> None:
    wrong = MaskEntry(1, 9, PackedMask.absent((3, 3)))
    with track.transaction():
        track.put([_entry(1, 0)])
        with pytest.raises(ProjectError, match="3x3"):
            track.put([_entry(1, 1), wrong])
        track.put([_entry(1, 2)])
    assert track.frames(1) == [0, 2]


def test_a_mask_of_another_size_is_refused_with_all_that_came_with_it(track: MaskTrack) -> None:
    with pytest.raises(ProjectError, match=r"object 1, frame 9: the mask is 3x4, but the film is 17x12"):
        track.put([_entry(1, 8), MaskEntry(1, 9, PackedMask.absent((4, 3)))])
    assert track.frames(1) == []


def test_facts_and_blobs(track: MaskTrack) -> None:
    assert track.kv_get("x") is None
    track.kv_set("x", ["ä", 1, None])
    assert track.kv_get("x") == ["ä", 1, None]
    track.kv_set("x", None)
    assert track.kv_get("x") is None
    assert track.blob_get("x") is None
    track.blob_set("x", b"one")
    track.blob_set("x", b"")
    assert track.blob_get("x") == b""
    track.blob_delete("x")
    track.blob_delete("x")
    assert track.blob_get("x") is None


def test_evidence_takes_numpy_numbers_and_what_is_not_a_number(track: MaskTrack) -> None:
    track.put([_entry(1, 0, evidence={"flow": np.float32(0.5), "gone": float("nan"), "n": np.int64(3)})])
    entry = track.get(1, 0)
    assert entry is not None
    assert entry.evidence == {"flow": 0.5, "gone": None, "n": 3}


def test_other_threads_read_while_one_writes(track: MaskTrack) -> None:
    track.put(_entry(1, index) for index in range(50))
    expected = track.digest(1)
    begun, read = threading.Event(), threading.Event()

    def write() -> None:
        with track.transaction():
            track.put([_entry(2, 0)])
            begun.set()
            # Readers of a file go on during the transaction; in memory they wait for its end.
            read.wait(10 if track.path else 0)

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        assert begun.wait(10)
        digests = [pool.submit(track.digest, 1) for _ in range(8)]
        assert {one.result(10) for one in digests} == {expected}
        if track.path:
            assert track.get(2, 0) is None
        read.set()
        writing.result(10)
    assert track.get(2, 0) == _entry(2, 0)


def test_two_threads_that_write_wait_for_one_another(track: MaskTrack) -> None:
    def add(object_id: int) -> None:
        for index in range(20):
            with track.transaction():
                known = track.kv_get("count") or 0
                track.put([_entry(object_id, index)])
                track.kv_set("count", known + 1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, [1, 2, 3]))
    assert track.kv_get("count") == 60
    assert [len(track.frames(one)) for one in (1, 2, 3)] == [20, 20, 20]


def test_threads_that_ended_leave_no_connection(tmp_path: Path) -> None:
    with MaskTrack.open(tmp_path / "t.sqlite", size=SIZE) as track:
        for _ in range(20):
            thread = threading.Thread(target=track.object_ids)
            thread.start()
            thread.join()
        assert len(track._connections._opened) <= 2


def test_a_killed_program_leaves_whole_transactions(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    program = f"""
import os, signal
import numpy as np
from videdit.masks import MaskEntry, MaskTrack, PackedMask
track = MaskTrack.open({str(path)!r}, size={SIZE})
mask = PackedMask.pack(np.ones({SIZE}, dtype=bool))
for chunk in range(3):
    with track.transaction():
        track.put(MaskEntry(1, chunk * 10 + index, mask) for index in range(10))
        if chunk == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        track.kv_set("chunks", chunk + 1)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    with MaskTrack.open(path) as track:
        assert track.kv_get("chunks") == 2
        assert track.frames(1) == [*range(20)]


def test_a_file_is_found_again_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a b ü.sqlite"
    with MaskTrack.open(path, size=SIZE) as track:
        track.put([_entry(1, 0)])
        digest = track.digest()
    with MaskTrack.open(path, create=False) as track:
        assert track.size == SIZE
        assert track.digest() == digest


def test_a_second_program_sees_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with MaskTrack.open(path, size=SIZE) as one, MaskTrack.open(path) as other:
        with one.transaction():
            one.put([_entry(1, 0)])
            assert other.frames(1) == []
        assert other.frames(1) == [0]


def test_a_file_may_be_begun_by_many_at_once(tmp_path: Path) -> None:
    def begin(number: int) -> None:
        with MaskTrack.open(tmp_path / f"{number // 8}.sqlite", size=SIZE) as track:
            track.put([_entry(number % 8 + 1, 0)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(40)))
    for number in range(5):
        with MaskTrack.open(tmp_path / f"{number}.sqlite") as track:
            assert track.object_ids() == [*range(1, 9)]


def test_masks_of_another_film_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    MaskTrack.open(path, size=SIZE).close()
    with pytest.raises(ProjectError, match="the masks are 17x12, but the film is 20x10"):
        MaskTrack.open(path, size=(10, 20))


def test_a_newer_file_is_refused_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    MaskTrack.open(path, size=SIZE).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(ProjectError, match=r"a newer videdit wrote the file .*; update videdit"):
        MaskTrack.open(path)


def _other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE holidays (day TEXT)")
    connection.commit()
    connection.close()


def _cut_short(path: Path) -> None:
    with MaskTrack.open(path, size=SIZE) as track:
        track.put(_entry(1, index) for index in range(100))
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_text("no masks here " * 100), _other_database, _cut_short, Path.mkdir]
)
def test_a_file_that_is_something_else_is_one_plain_error(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "t.sqlite"
    spoil(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(ProjectError) as caught, MaskTrack.open(path, size=SIZE) as track:
        track.digest()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not path.is_file() or path.read_bytes() == before, "the file that was refused has changed"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no such file"):
        MaskTrack.open(tmp_path / "t.sqlite", size=SIZE, create=False)
    with pytest.raises(ProjectError, match="no such file"):
        MaskTrack.open(tmp_path / "no" / "t.sqlite", size=SIZE)
    with pytest.raises(OptionError, match="height and width"):
        MaskTrack.open(tmp_path / "t.sqlite")
    assert not (tmp_path / "t.sqlite").exists()


def test_a_file_whose_making_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    path.touch()
    with pytest.raises(ProjectError, match="no masks yet"):
        MaskTrack.open(path)
    with MaskTrack.open(path, size=SIZE) as track:
        assert track.object_ids() == []


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    track = MaskTrack.open(tmp_path / "t.sqlite", size=SIZE)
    track.close()
    track.close()
    with pytest.raises(ProjectError, match="closed"):
        track.object_ids()
