"""Processes and Ray make what one process makes, and go on when a worker dies."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from videdit.batch import BatchRequest, run_batch, status_of
from videdit.errors import OptionError, VideditError
from videdit.plugins import Plugins

Make = Callable[..., BatchRequest]


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """A cluster of this machine with two cores to give out; by itself Ray lets everybody else go first."""
    os.environ.setdefault("RAY_worker_niceness", "0")
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'videdit[ray]'")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield ray
    ray.shutdown()


@pytest.fixture
def alone(request_for: Make, plugins: Plugins, tmp_path: Path) -> bytes:
    """What one process makes."""
    (made,) = run_batch(tmp_path / "alone", request_for(chunk_frames=7, overlap_frames=2), plugins)
    return made.out.read_bytes()


def work_of_two(work: Path) -> set[str]:
    records = [json.loads(path.read_text()) for path in work.rglob("result.json")]
    return {record["outcome"]["process"] for record in records}


def check_same(executor: str, request_for: Make, plugins: Plugins, tmp_path: Path, alone: bytes) -> None:
    marker = tmp_path / "died"
    wanted = request_for(chunk_frames=7, overlap_frames=2, executor=executor, executor_options={"workers": 2})
    (made,) = run_batch(tmp_path / executor, wanted, plugins)
    assert made.out.read_bytes() == alone
    assert len(work_of_two(tmp_path / executor)) == 2
    # The same effect under another name, which takes its worker with it the first time.
    deadly = request_for(
        "die-once", f'marker = "{marker}"', chunk_frames=7, overlap_frames=2, executor=executor,
        executor_options={"workers": 2},
    )  # fmt: skip
    said: list[str] = []
    (made,) = run_batch(tmp_path / f"{executor}-deadly", deadly, plugins, note=said.append)
    assert marker.exists()
    assert made.out.read_bytes() == alone
    assert any("the job is given out again" in sentence for sentence in said)
    (status,) = status_of(tmp_path / f"{executor}-deadly")
    assert sorted(row.tries for row in status.rows)[-2:] == [0, 1]


def test_processes(request_for: Make, plugins: Plugins, tmp_path: Path, alone: bytes) -> None:
    check_same("processes", request_for, plugins, tmp_path, alone)


def test_ray(ray: Any, request_for: Make, plugins: Plugins, tmp_path: Path, alone: bytes) -> None:
    check_same("ray", request_for, plugins, tmp_path, alone)


def check_same_looks(executor: str, looking: Make, plugins: Plugins, tmp_path: Path) -> None:
    (alone,) = run_batch(tmp_path / "alone", looking(), plugins)
    wanted = looking("red-dies", tmp_path / "died", executor=executor, executor_options={"workers": 2})
    said: list[str] = []
    (made,) = run_batch(tmp_path / "work", wanted, plugins, note=said.append)
    assert (tmp_path / "died").exists()
    assert any("film, shot 3, frames 30..39: " in one and "given out again" in one for one in said)
    assert made.out.read_bytes() == alone.out.read_bytes()


def test_processes_look(looking: Make, plugins: Plugins, tmp_path: Path) -> None:
    check_same_looks("processes", looking, plugins, tmp_path)


def test_ray_looks(ray: Any, looking: Make, plugins: Plugins, tmp_path: Path) -> None:
    check_same_looks("ray", looking, plugins, tmp_path)


def test_a_job_that_kills_every_worker_fails(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    wanted = request_for("always-die", executor="processes", executor_options={"workers": 1}, keep_going=True)
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert made.finished is None
    assert isinstance(made.failed[0], VideditError)
    assert "3 workers died over it, and the last because its process was ended by SIGKILL" in str(made.failed[0])
    assert status_of(tmp_path / "work")[0].states == {"done": 2, "failed": 1}


def test_options_of_executors_are_checked(request_for: Make, plugins: Plugins, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="workers"):
        run_batch(tmp_path / "work", request_for(executor="inline", executor_options={"workers": 2}), plugins)
