"""Options of the E2FGVI filler; light to import."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from videdit.runtime import Options

LEAST_PIXELS = 60 * 108
"""One window of the network's attention; it runs on nothing smaller."""


class E2fgviOptions(Options):
    """What may be set on the E2FGVI filler."""

    propagation: bool = Field(
        default=True,
        description="Show what other frames have seen, at full size, and let the network fill the rest alone.",
    )
    shadows: bool = Field(default=True, description="Take the shadow that a moving object casts away as well.")
    remnants: bool = Field(
        default=True, description="Take what a mask missed of its object away as well, where the ground is known."
    )
    grain: bool = Field(default=True, description="Give the fill the grain of its surroundings.")
    working_pixels: int = Field(
        default=0,
        ge=0,
        description="Show the network the hole and its surroundings at most this large, in pixels; 0: by the quality.",
    )
    references: int = Field(
        default=10, ge=0, le=100, description="Look at most at this many distant frames, besides the neighbours."
    )
    reference_every: int = Field(default=10, ge=1, description="Take every so manieth frame as a distant one.")
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        default="auto",
        description="Number format; auto is bfloat16 on CUDA and float32 elsewhere; int8, on a CPU, is faster and less "
        "exact; few CPUs gain by the others.",
    )
    channels_last: bool = Field(
        default=False,
        description="Another memory layout of the same computation; faster on some machines, always taken on CUDA in "
        "bfloat16 and float16.",
    )
    parity: bool = Field(
        default=False,
        description="Do as the authors' own procedure does: the network alone, whole frames, distant ones from the "
        "whole shot, each prediction blended half and half with the one before, fractions cut off.",
    )
