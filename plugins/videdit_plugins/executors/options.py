"""The options of the executors."""

from __future__ import annotations

from pydantic import Field

from videdit.runtime import Options


class ProcessesOptions(Options):
    """How many processes."""

    workers: int = Field(
        0, ge=0, description="Processes; 0 is one for each graphics card, without cards one for every two cores."
    )


class RayOptions(Options):
    """Which cluster, and how much of it."""

    workers: int = Field(
        0, ge=0, description="Actors; 0 is one for each graphics card, without cards one for every two cores."
    )
    address: str = Field("", description="Address of a running cluster, or auto; by default one is started here.")
