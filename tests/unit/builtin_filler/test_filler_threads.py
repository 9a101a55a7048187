"""Frames are filled by several threads at once; nobody can tell from the result."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, current_thread, main_thread
from typing import Any

import numpy as np
import pytest

from videdit_plugins.builtin.filler.cache import Cache
from videdit_plugins.builtin.filler.shadows import Shadows
from videdit_plugins.builtin.filler.workers import Workers

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


def test_what_belongs_to_a_shot_is_let_go_with_it(clip: Any, started: Make) -> None:
    filler = started(clip)
    filler.fill(5)
    last = weakref.ref(filler._finishing)
    gc.disable()
    try:
        started(clip, filler=filler)
        assert last() is None
    finally:
        gc.enable()
