"""Where the jobs of a batch run: in this process, in several, or on a Ray cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.executors.options import ProcessesOptions, RayOptions

if TYPE_CHECKING:
    from videdit.executor import Executor
    from videdit.runtime import Options


def _inline(options: Options, runtime: Runtime) -> Executor:
    from videdit_plugins.executors.inline import Inline

    return Inline(options, runtime)


def _processes(options: ProcessesOptions, runtime: Runtime) -> Executor:
    from videdit_plugins.executors.processes import Processes

    return Processes(options, runtime)


def _ray(options: RayOptions, runtime: Runtime) -> Executor:
    from videdit_plugins.executors.cluster import RayCluster

    return RayCluster(options, runtime)


@hookimpl
def register_executors(register: Register) -> None:
    register("inline", _inline, rank=0, summary="one job after the other, in this process")
    register("processes", _processes, ProcessesOptions, rank=10, summary="a process for each device of this machine")
    register("ray", _ray, RayOptions, rank=-1, summary="actors on a Ray cluster; needs videdit[ray]")
