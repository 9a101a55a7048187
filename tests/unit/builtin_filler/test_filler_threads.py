"""Frames are filled by several threads at once; nobody can tell from the result."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, current_thread, main_thread
from typing import Any

import numpy as np
import pytest

from videdit import Shot
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.ahead import Ahead
from videdit_plugins.builtin.filler.shadows import Shadows
from videdit_plugins.builtin.filler.workers import Workers, _Shares

Make = Callable[..., Any]
WANTED = (5, 6, 7, 8)


def fills(clip: Any, started: Make, threads: int, order: tuple[int, ...]) -> list[Any]:
    filler = started(clip)
    filler._workers = Workers(threads)
    started(clip, filler=filler)
    made = {index: filler.fill(index) for index in order}
    return [made[index] for index in WANTED]


def test_the_fill_depends_on_neither_threads_nor_order(clip: Any, started: Make) -> None:
    alone = fills(clip, started, 1, WANTED)
    for threads, order in ((2, WANTED), (3, WANTED), (2, (8, 5, 7, 6))):
        for one, other in zip(alone, fills(clip, started, threads, order), strict=True):
            assert one.region == other.region
            assert np.array_equal(one.rgb, other.rgb)
            assert np.array_equal(one.origin, other.origin)


def test_shadows_are_not_searched_for_where_there_is_no_hole(clip: Any, started: Make, monkeypatch: Any) -> None:
    """Nor on the thread that asks: it is the dearest part, and the others share it."""
    searched = set()
    search = Shadows.__getitem__

    def told(shadows: Shadows, index: int) -> Any:
        searched.add(current_thread())
        return search(shadows, index)

    monkeypatch.setattr(Shadows, "__getitem__", told)
    filler = started(clip)
    monkeypatch.setattr(type(filler._finishing._propagation.pictures), "has_hole", lambda *_: False)
    assert filler.fill(6) is None
    assert not searched
    monkeypatch.undo()
    monkeypatch.setattr(Shadows, "__getitem__", told)
    filler = started(clip)
    assert filler.fill(6) is not None
    assert searched
    assert main_thread() not in searched


def test_a_value_is_made_once_for_all_threads() -> None:
    together, made = Barrier(4), []

    def make(key: int) -> int:
        made.append(key)
        return key * key

    def ask(_: int) -> int:
        together.wait()
        return cache.get(7, make)

    cache: Cache[int, int] = Cache(2)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [49] * 4
    assert made == [7]


def test_the_values_asked_for_last_are_kept() -> None:
    made: list[int] = []
    cache: Cache[int, int] = Cache(2)
    for key in (1, 2, 1, 3, 1, 2):
        assert cache.get(key, lambda key: made.append(key) or key) == key
    assert made == [1, 2, 3, 2]
    assert 3 not in cache


def test_a_value_that_could_not_be_made_is_tried_again() -> None:
    answers = iter([ZeroDivisionError("no"), 5])

    def make(_: int) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache: Cache[int, int] = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get(0, make)
    assert cache.get(0, make) == 5


@pytest.mark.parametrize("count", [1, 2, 5])
def test_work_comes_back_in_order(count: int) -> None:
    workers = Workers(count)
    assert workers.map(lambda item: item + 1, range(7)) == list(range(1, 8))
    assert workers.map(lambda item: item, []) == []


def test_who_is_done_helps_the_others() -> None:
    shares = _Shares(9, 3)
    assert next(shares.take()) == 0
    # The stretches nobody has begun, then the half of what the first thread has left.
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: list(shares.take())).result() == [3, 4, 5, 6, 7, 8, 2, 1]


def test_threads_that_are_busy_are_not_waited_for() -> None:
    workers, go_on = Workers(2), Event()
    busy = workers._helpers.submit(go_on.wait)
    assert workers.map(lambda item: item + 1, range(5)) == list(range(1, 6))
    go_on.set()
    assert busy.result()


def test_an_error_of_a_helper_is_told() -> None:
    together = Barrier(2)

    def fail(item: int) -> int:
        together.wait()
        return item // (current_thread() is main_thread())

    with pytest.raises(ZeroDivisionError):
        Workers(2).map(fail, range(2))


def test_frames_are_made_ahead_for_who_asks_in_order() -> None:
    begun: list[int] = []
    frames = Ahead(lambda index: begun.append(index) or 2 * index, Shot(9, 15, "start"), Workers(2))
    assert frames.get(12) == 24
    frames.end()
    assert begun == [12]
    begun.clear()
    assert [frames.get(10), frames.get(11)] == [20, 22]
    frames.end()
    # Two threads look two frames ahead; what had not begun when it ended was given up.
    assert {10, 11} <= set(begun) <= {10, 11, 12, 13}
    assert [frames.get(index) for index in (14, 10, 12)] == [28, 20, 24]


def test_nothing_is_made_beyond_the_shot() -> None:
    made: list[int] = []
    frames = Ahead(lambda index: made.append(index), Shot(0, 3, "start"), Workers(3))
    for index in range(3):
        frames.get(index)
    frames.end()
    assert sorted(made) == [0, 1, 2]


def test_the_end_waits_for_what_is_under_way() -> None:
    under_way, go_on, done = Event(), Event(), []

    def make(index: int) -> None:
        if index == 2:
            under_way.set()
            go_on.wait()
        done.append(index)

    frames = Ahead(make, Shot(0, 9, "start"), Workers(2))
    frames.get(0)
    frames.get(1)
    under_way.wait()
    go_on.set()
    frames.end()
    count = len(done)
    assert 2 in done
    assert len(done) == count


def test_a_frame_that_could_not_be_made_is_told_when_it_is_asked_for() -> None:
    frames = Ahead(lambda index: 6 // (index - 2), Shot(0, 9, "start"), Workers(2))
    assert [frames.get(0), frames.get(1)] == [-3, -6]
    with pytest.raises(ZeroDivisionError):
        frames.get(2)
    assert frames.get(3) == 6
    frames.end()


def test_what_belongs_to_a_shot_is_let_go_with_it(clip: Any, started: Make) -> None:
    filler = started(clip)
    filler._workers = Workers(1)
    started(clip, filler=filler)
    filler.fill(5)
    last = weakref.ref(filler._finishing)
    gc.disable()
    try:
        started(clip, filler=filler)
        # Its thread holds what it worked on until it takes up something else.
        filler._workers.begin(id, None).result()
        assert last() is None
    finally:
        gc.enable()


ROUNDED = """
import hashlib
import numpy as np
from videdit_plugins.builtin.filler.candidates import Wanted, most_telling
from videdit_plugins.builtin.filler.cues import CUES, around
from videdit_plugins.builtin.filler.weighing import Weigher

rng = np.random.default_rng(0)
said = Weigher().said(rng.standard_normal((907, 23, CUES), np.float32), around(np.ones((907, 1), bool)))
shows = [rng.random(9001) < 0.5 for _ in range(90)]
print(hashlib.sha1(said.tobytes()).hexdigest(), most_telling(np.arange(1, 91), shows, Wanted(12, 60)))
"""


def test_the_number_of_blas_threads_changes_nothing() -> None:
    """It is the process's, so while one frame is filled another may set it."""
    names = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
    command = [sys.executable, "-c", ROUNDED]
    one, two = (
        subprocess.run(command, env=os.environ | dict.fromkeys(names, count), capture_output=True, check=True).stdout
        for count in ("1", "2")
    )
    assert one == two
