"""What a person may set on XMem."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from videdit.runtime import Options

Precision: TypeAlias = Literal["auto", "float32", "bfloat16", "float16", "int8"]


class XMemOptions(Options):
    """Options of XMem; the defaults are those of the paper."""

    short_side_px: int = Field(480, ge=64, le=4320, description="larger frames are shrunk to this short side")
    memory_every_frames: int = Field(5, ge=1, description="how often a tracked frame is remembered")
    long_term: bool = Field(True, description="condense old frames; without it the oldest are dropped")
    max_working_frames: int = Field(10, ge=3, description="frames remembered whole before they are condensed")
    min_working_frames: int = Field(5, ge=2, description="frames that stay whole when the others are condensed")
    prototypes: int = Field(128, ge=1, description="what the frames are condensed to, elements at a time")
    max_long_term: int = Field(10_000, ge=1, description="elements of condensed memory before the unused are forgotten")
    max_confirmed_frames: int = Field(24, ge=1, description="drawn frames that are kept for good, per object")
    top_k: int = Field(30, ge=1, description="elements of memory that each place of a frame looks at")
    affinity_mebibytes: int = Field(256, ge=1, description="the largest matrix that comparing with memory may take")
    ahead_frames: int = Field(0, ge=0, le=64, description="frames encoded at once; 0 lets the device decide")
    precision: Precision = Field(
        "auto",
        description="numbers of the network; auto takes what the device is fastest in; int8, on a CPU, is faster and "
        "less exact",
    )
    winograd: bool = Field(True, description="on a CPU in float32: fewer multiplications for 0.6 GB more memory")
    cuda_graphs: bool = Field(
        True, description="on CUDA: replay the network instead of starting its kernels one by one"
    )
    channels_last: bool = Field(True, description="the memory layout that current processors prefer")

    @model_validator(mode="after")
    def _fits(self) -> XMemOptions:
        if self.min_working_frames >= self.max_working_frames:
            raise ValueError("min_working_frames is below max_working_frames")
        if self.prototypes > self.max_long_term:
            raise ValueError("prototypes is at most max_long_term")
        return self
