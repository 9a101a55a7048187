"""One thread for each library, and one of the engines' own beside."""

from __future__ import annotations

import threading

import cv2
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from videdit_plugins.builtin.threads import beside, between_two, one_thread


def counts() -> list[int]:
    blas = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
    return [cv2.getNumThreads(), torch.get_num_threads(), *blas]


@pytest.fixture
def threes():
    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(3)
    torch.set_num_threads(3)
    with threadpool_limits(3, user_api="blas"):
        yield [3] * len(counts())
    cv2.setNumThreads(before[0])
    torch.set_num_threads(before[1])


def test_the_libraries_keep_to_one_thread_and_get_theirs_back(threes):
    assert counts() == threes
    with one_thread():
        assert set(counts()) == {1}
        with one_thread():
            assert set(counts()) == {1}
        assert set(counts()) == {1}
    assert counts() == threes


def test_they_get_theirs_back_after_an_error(threes):
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert counts() == threes


def test_opencv_keeps_to_one_thread_until_the_last_of_several_is_done(threes):
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        with one_thread():
            begun.set()
            ended.wait(10)

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        assert begun.wait(10)
    assert counts() == [1, *threes[1:]]
    ended.set()
    thread.join()
    assert counts() == threes
    with one_thread():
        assert set(counts()) == {1}


def test_work_is_done_beside_and_its_error_comes_back():
    assert beside(threading.get_ident).result() != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0).result()


def test_work_is_done_in_two_threads_and_told_in_order():
    both = threading.Barrier(2)

    def work(number: int) -> tuple[int, str]:
        if number < 2:
            both.wait(10)
        return number, threading.current_thread().name

    told = between_two([lambda number=number: work(number) for number in range(7)])
    assert [number for number, _ in told] == list(range(7))
    assert told[0][1] != told[1][1]


@pytest.mark.parametrize("broken", [0, 4])
def test_what_one_of_the_works_raises_is_raised(broken):
    def work(number: int) -> int:
        if number == broken:
            raise IndexError(number)
        return number

    with pytest.raises(IndexError, match=str(broken)):
        between_two([lambda number=number: work(number) for number in range(5)])
    assert between_two([lambda: 1]) == [1]


def test_a_second_thread_that_is_busy_is_not_waited_for():
    begun, ended = threading.Event(), threading.Event()

    def long() -> bool:
        begun.set()
        return ended.wait(10)

    other = beside(long)
    assert begun.wait(10)
    here = threading.current_thread().name
    assert between_two([lambda: threading.current_thread().name] * 3) == [here] * 3
    assert not other.done()
    ended.set()
    assert other.result()
