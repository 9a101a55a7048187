"""The encoders: which serves which codec, and how each is told its quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

import av
import cv2
from av.error import FFmpegError

from videdit.media.pixel_formats import layout_of, planar_name
from videdit.media.settings import EncodeSettings

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "h264": ("libx264", "libx264rgb", "h264_videotoolbox"),
    "hevc": ("libx265", "hevc_videotoolbox"),
    "av1": ("libsvtav1", "libaom-av1"),
    "vp9": ("libvpx-vp9",),
    "vp8": ("libvpx",),
    "prores": ("prores_ks",),
    "ffv1": ("ffv1",),
    "dnxhd": ("dnxhd",),
    "mjpeg": ("mjpeg",),
    "png": ("png",),
    "qtrle": ("qtrle",),
    "mpeg4": ("mpeg4",),
}
LOSSLESS_SOURCES: Final = frozenset({"ffv1", "huffyuv", "ffvhuff", "utvideo", "rawvideo", "v210", "magicyuv", "png"})
"""Codecs that lose nothing: a film in one of them stays without loss where its own cannot be written."""
_HARDWARE: Final = ("nvenc", "qsv", "amf", "videotoolbox")
_X265_LEAST_PX: Final = 64
_AVX_512F: Final = 13
"""OpenCV's number for these instructions; version 5 has no name for it in Python."""
_SVT_PRESETS: Final = {
    "ultrafast": 12, "superfast": 11, "veryfast": 10, "faster": 9, "fast": 8, "medium": 6, "slow": 5, "slower": 4,
    "veryslow": 3,
}  # fmt: skip
_VPX_SPEEDS: Final = {
    "ultrafast": 8, "superfast": 7, "veryfast": 6, "faster": 5, "fast": 4, "medium": 2, "slow": 1, "slower": 1,
    "veryslow": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EncoderSetup:
    """What an encoder is opened with. `bits_per_second` 0 leaves the rate to the quality."""

    options: dict[str, str]
    bits_per_second: int = 0


def _x264(settings: EncodeSettings) -> dict[str, str]:
    if settings.lossless:
        return {"preset": settings.preset, "qp": "0"}
    return {"preset": settings.preset, **_rated(settings, "crf", 18)}


def _x265(settings: EncodeSettings) -> dict[str, str]:
    quiet = {"preset": settings.preset, "x265-params": "log-level=error"}
    if settings.lossless:
        return {**quiet, "x265-params": "log-level=error:lossless=1"}
    return {**quiet, **_rated(settings, "crf", 20)}


def _svt_av1(settings: EncodeSettings) -> dict[str, str]:
    speed = {"preset": str(_SVT_PRESETS[settings.preset])}
    if settings.lossless:
        return {**speed, "svtav1-params": "lossless=1"}
    return {**speed, **_rated(settings, "crf", 24)}


def _vpx(settings: EncodeSettings) -> dict[str, str]:
    # Alternate reference frames and an alpha channel exclude each other.
    speed = {"deadline": "good", "cpu-used": str(_VPX_SPEEDS[settings.preset]), "auto-alt-ref": "0"}
    if settings.lossless:
        return {**speed, "lossless": "1"}
    return {**speed, **_rated(settings, "crf", 20)}


def _hardware(settings: EncodeSettings) -> dict[str, str]:
    if settings.bit_rate:
        return {}
    return {"rc": "vbr", "cq": f"{settings.quality if settings.quality is not None else 19:g}", "b": "0"}


def _mjpeg(settings: EncodeSettings) -> dict[str, str]:
    scale = f"{max(2.0, settings.quality if settings.quality is not None else 2.0):g}"
    return {} if settings.bit_rate else {"qmin": scale, "qmax": scale}


def _rated(settings: EncodeSettings, name: str, default: float) -> dict[str, str]:
    """Constant quality, unless a bit rate is asked for."""
    if settings.bit_rate:
        return {}
    return {name: f"{settings.quality if settings.quality is not None else default:g}"}


_OPTIONS: Final[Mapping[str, Callable[[EncodeSettings], dict[str, str]]]] = {
    "libx264": _x264,
    "libx264rgb": _x264,
    "libx265": _x265,
    "libsvtav1": _svt_av1,
    "libvpx-vp9": _vpx,
    "libvpx": _vpx,
    "mjpeg": _mjpeg,
    "mpeg4": lambda settings: {**_mjpeg(settings)},
    "ffv1": lambda settings: {"level": "3", "slices": "4", "slicecrc": "1", "coder": "range_tab", "context": "0"},
}


def options_for(encoder: str, settings: EncodeSettings) -> dict[str, str]:
    """Return the encoder's own options for the settings."""
    make = _OPTIONS.get(encoder, _hardware if encoder.endswith(_HARDWARE) else lambda given: {})
    return make(settings)


def too_small(encoder: str, size: tuple[int, int]) -> bool:
    """Whether pictures of (height, width) are too small: x265 overruns its memory below 50 columns (tried)."""
    return encoder == "libx265" and min(size) < _X265_LEAST_PX


def repeatable(encoder: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return an encoder's options with what makes it give the same bytes for the same pictures.

    x264's macroblock tree, in the form for AVX-512, reads past a row of blocks, and what lies there decides how bits
    are shared out. Tried with memory filled before (MALLOC_PERTURB_): films of 854x480 and 960x540 came out otherwise
    with each filling; with the form for AVX2, which gives what processors without AVX-512 give, none did.
    """
    if encoder not in ("libx264", "libx264rgb") or not cv2.checkHardwareSupport(_AVX_512F):
        return dict(options)
    name = "x264-params"
    return {**options, name: ":".join(filter(None, [options.get(name, ""), "asm=avx2"]))}


def can_be_lossless(encoder: str) -> bool:
    """Whether the encoder loses nothing when told so."""
    return encoder in ("libx264", "libx264rgb", "libx265", "libvpx-vp9", "libsvtav1", "ffv1", "png", "qtrle")


@lru_cache(maxsize=64)
def formats_of(encoder: str) -> tuple[str, ...]:
    """Return the pixel formats an encoder takes; empty if there is no such encoder."""
    try:
        codec = av.Codec(encoder, "w")
    except (ValueError, FFmpegError):
        return ()
    return tuple(form.name for form in codec.video_formats or ())


def family_of(encoder: str) -> str:
    """Return the codec an encoder makes: libx264 makes h264."""
    for family, names in FAMILIES.items():
        if encoder in names:
            return family
    try:
        return str(av.Codec(encoder, "w").canonical_name)
    except (ValueError, FFmpegError):
        return ""


@lru_cache(maxsize=64)
def works(encoder: str) -> bool:
    """Try the encoder on one small picture: a driver may be missing though the encoder is there."""
    formats = formats_of(encoder)
    if not formats:
        return False
    try:
        context = av.CodecContext.create(encoder, "w")
        if not isinstance(context, av.VideoCodecContext):
            return False
        context.width, context.height, context.pix_fmt = 256, 256, formats[0]
        context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
        context.open()
    except (FFmpegError, ValueError, OSError, AttributeError):
        return False
    return True


def hardware_encoder(family: str, kind: str) -> str | None:
    """Return a working encoder of that family on the graphics card, None if there is none."""
    kinds = _HARDWARE if kind == "auto" else (kind,)
    return next((name for one in kinds if works(name := f"{family}_{one}")), None)


def closest_format(encoder: str, wanted: str) -> tuple[str, tuple[str, ...]]:
    """Return the encoder's pixel format nearest to a planar one, and what is lost by it, in words."""
    formats = formats_of(encoder)
    if wanted in formats:
        return wanted, ()
    scored = sorted((_cost(wanted, name), name) for name in formats if layout_of(planar_name(name)) is not None)
    if not scored:
        return wanted, ()
    (lost, _, _), name = scored[0]
    return name, _losses(wanted, name) if lost else ()


def _cost(wanted: str, name: str) -> tuple[int, int, int]:
    """Rank a format: first by what it loses, then by what it adds, then packed after planar."""
    have, got = layout_of(wanted), layout_of(planar_name(name))
    assert have is not None
    assert got is not None
    lost = 100 * (have.alpha and not got.alpha) + 40 * (have.kind == "rgb") * (got.kind != "rgb")
    lost += 30 * (got.kind == "gray" and have.kind != "gray") + 20 * (have.kind == "yuv") * (got.kind == "rgb")
    lost += 4 * max(0, have.bits - got.bits)
    coarser = max(0, got.shift_x - have.shift_x) + max(0, got.shift_y - have.shift_y)
    lost += 3 * coarser if have.kind == "yuv" and got.kind == "yuv" else 0
    lost += 6 * (have.kind == "rgb" and got.kind == "yuv") * (got.shift_x + got.shift_y)
    added = 8 * (got.alpha and not have.alpha) + max(0, got.bits - have.bits) + 4 * (got.kind != have.kind)
    added += 2 * (max(0, have.shift_x - got.shift_x) + max(0, have.shift_y - got.shift_y))
    odd_range = name.startswith("yuvj") != wanted.startswith("yuvj")
    return lost, added, int(layout_of(name) is None) + 2 * odd_range


def _losses(wanted: str, name: str) -> tuple[str, ...]:
    have, got = layout_of(wanted), layout_of(planar_name(name))
    assert have is not None
    assert got is not None
    words = []
    if have.alpha and not got.alpha:
        words.append("the alpha channel")
    if have.bits > got.bits:
        words.append(f"{have.bits} bits become {got.bits}")
    if have.kind != got.kind:
        words.append(f"{have.kind.upper()} becomes {got.kind.upper()}")
    elif have.chroma != got.chroma:
        words.append(f"chroma {have.chroma} becomes {got.chroma}")
    return tuple(words)
