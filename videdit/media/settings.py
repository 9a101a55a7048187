"""How the result is encoded, as a person says it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from videdit.runtime import Options

Preset: TypeAlias = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]
Hardware: TypeAlias = Literal["off", "auto", "nvenc", "qsv", "amf", "videotoolbox"]


class EncodeSettings(Options):
    """What to encode with. The defaults keep the source's codec family, size, depth and colours."""

    codec: str = Field(
        default="auto", description="h264, hevc, av1, vp9, prores, ffv1 or an encoder's name; auto keeps the source's."
    )
    quality: float | None = Field(
        default=None,
        ge=0,
        le=63,
        description="Constant quality on the encoder's own scale, lower is better (x264: 18).",
    )
    preset: Preset = Field(default="medium", description="Speed against size.")
    pix_fmt: str = Field(default="same", description="Pixel format; same keeps the source's depth and chroma.")
    lossless: bool = Field(default=False, description="Lose nothing; the file gets large.")
    bit_rate: int | None = Field(default=None, gt=0, description="Bits per second, in place of constant quality.")
    hardware: Hardware = Field(default="off", description="Encode on the graphics card; auto tries all kinds.")
    threads: int = Field(default=0, ge=0, description="Threads of the encoder; 0 lets it choose.")
