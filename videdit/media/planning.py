"""Choose the encoder and the pixel format for a film and a kind of file; say what is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from videdit.errors import CannotEncode
from videdit.media.containers import PICTURES, Container, container_for, container_like
from videdit.media.copying import unfit_sound
from videdit.media.encoders import (
    FAMILIES,
    LOSSLESS_SOURCES,
    can_be_lossless,
    closest_format,
    family_of,
    formats_of,
    hardware_encoder,
    options_for,
    too_small,
)
from videdit.media.pixel_formats import is_format, known_layout, planar_name, with_alpha
from videdit.media.settings import EncodeSettings
from videdit.media.video import Video


@dataclass(frozen=True, slots=True)
class EncodePlan:
    """How a film will be encoded.

    encoder:  the library's name
    family:   the codec it makes
    pix_fmt:  what the encoder is given
    options:  the encoder's own
    notes:    sentences on what is not kept as it was
    """

    encoder: str
    family: str
    pix_fmt: str
    options: tuple[tuple[str, str], ...]
    bit_rate: int
    threads: int
    container: Container
    notes: tuple[str, ...] = ()


def plan_encoding(
    video: Video, settings: EncodeSettings, *, out: Path | None = None, alpha: bool = False
) -> EncodePlan:
    """Choose for a film.

    out:   the file it will be joined to; without it the source's own kind of file is assumed
    alpha: the pictures will carry an alpha channel, besides one that the source has

    Raises CannotEncode for a combination that cannot work, naming one that does.
    """
    container = container_for(out) if out is not None else container_like(video.container, video.path.suffix)
    where = str(out or video.path)
    wanted = planar_name(video.pix_fmt)
    alpha = alpha or video.has_alpha
    if alpha:
        wanted = with_alpha(wanted)
    _refuse(video, container, alpha, where)
    if out is not None and video.audio_count and container.name != PICTURES:
        _refuse_sound(video.path, container, out)
    if settings.pix_fmt != "same":
        wanted = _asked_format(settings.pix_fmt, where)
    notes: list[str] = []
    encoder = _encoder(video, settings, container, wanted, alpha, where, notes)
    if settings.lossless and not can_be_lossless(encoder):
        raise CannotEncode(f"{encoder} always loses something", where=where, next_step="use h264, hevc, vp9 or ffv1")
    wanted = _odd_size(video, encoder, wanted)
    pix_fmt, lost = closest_format(encoder, wanted)
    if lost:
        notes.append(f"{encoder} cannot keep all of the picture: {', '.join(lost)}.")
    options = options_for(encoder, settings)
    _add_hdr(options, encoder, video, notes)
    _add_profile(options, encoder, video, pix_fmt)
    if video.interlaced and encoder not in ("libx264", "prores_ks"):
        notes.append(f"{encoder} cannot mark the film as interlaced; its fields are kept in whole frames.")
    return EncodePlan(
        encoder,
        family_of(encoder),
        pix_fmt,
        tuple(sorted(options.items())),
        settings.bit_rate or 0,
        settings.threads,
        container,
        tuple(notes),
    )


def _refuse(video: Video, container: Container, alpha: bool, where: str) -> None:
    if alpha and not container.with_alpha:
        raise CannotEncode(
            f"a {container.suffix} file holds no alpha channel",
            where=where,
            next_step="use .mov (ProRes 4444), .webm (VP9), .mkv (FFV1) or a row of PNG pictures",
        )
    if video.variable_rate and not container.own_times:
        raise CannotEncode(
            f"a {container.suffix} file cannot hold frames at unequal distances, as this film has them",
            where=where,
            next_step="use .mp4, .mov or .mkv",
        )
    if not video.orientation.is_identity and not container.turns:
        raise CannotEncode(
            f"a {container.suffix} file cannot say that its picture is turned, as this film's is",
            where=where,
            next_step="use .mp4, .mov or .mkv",
        )


def _refuse_sound(source: Path, container: Container, out: Path) -> None:
    """Raise CannotEncode, before any work is done, if the film has sound that the container does not take."""
    codec = unfit_sound(source, container)
    if codec:
        raise CannotEncode(
            f"a {container.suffix} file does not take {codec} sound",
            where=str(out),
            next_step="write a .mkv file, which takes any" if container.suffix != ".mkv" else "write a .mov file",
        )


def _asked_format(name: str, where: str) -> str:
    if not is_format(name):
        raise CannotEncode(f"there is no pixel format {name!r}", where=where, next_step="use same, or yuv420p")
    return planar_name(name)


def _encoder(
    video: Video,
    settings: EncodeSettings,
    container: Container,
    wanted: str,
    alpha: bool,
    where: str,
    notes: list[str],
) -> str:
    allowed = container.with_alpha if alpha else container.encoders
    if settings.codec != "auto":
        family, encoder = _asked(settings.codec, container, alpha, where)
    else:
        family = _family(video, allowed, settings)
        encoder = FAMILIES[family][0]
        if family != video.codec:
            notes.append(f"The source's codec {video.codec} becomes {family}.")
        # The family is kept unless it would cost the picture more than another one that the file takes.
        if closest_format(encoder, wanted)[1]:
            better = next((f for f in allowed if not _loses(f, wanted)), None)
            if better is not None and not _keeps_all(family, wanted):
                notes.append(f"{encoder} cannot keep all of the picture, so {better} is used in place of {family}.")
                family, encoder = better, FAMILIES[better][0]
    if too_small(encoder, video.coded_size):
        notes.append(f"{encoder} does not take pictures this small; libx264 is used.")
        family, encoder = "h264", "libx264"
    if encoder == FAMILIES.get(family, ("",))[0]:
        usable = [name for name in FAMILIES[family] if formats_of(name)]
        encoder = next((name for name in usable if not closest_format(name, wanted)[1]), encoder)
    if not formats_of(encoder):
        raise CannotEncode(f"there is no encoder {encoder!r} here", where=where, next_step="use codec auto")
    if settings.hardware != "off":
        found = hardware_encoder(family, settings.hardware)
        if found is not None and not closest_format(found, wanted)[1]:
            return found
        reason = "loses part of this picture" if found else "does not work on this machine"
        notes.append(f"{family} on the graphics card ({settings.hardware}) {reason}; {encoder} is used.")
    return encoder


def _loses(family: str, wanted: str) -> bool:
    return all(not formats_of(name) or closest_format(name, wanted)[1] for name in FAMILIES[family][:2])


def _keeps_all(family: str, wanted: str) -> bool:
    return not _loses(family, wanted)


def _family(video: Video, allowed: tuple[str, ...], settings: EncodeSettings) -> str:
    if video.codec in allowed:
        return video.codec
    if (video.codec in LOSSLESS_SOURCES or settings.lossless) and "ffv1" in allowed:
        return "ffv1"
    return allowed[0]


def _asked(codec: str, container: Container, alpha: bool, where: str) -> tuple[str, str]:
    """Return the family and the encoder that a person named by either name."""
    family = codec if codec in FAMILIES else family_of(codec)
    encoder = FAMILIES[codec][0] if codec in FAMILIES else codec
    if not family:
        known = ", ".join(FAMILIES)
        raise CannotEncode(f"there is no codec {codec!r}", where=where, next_step=f"use auto or one of {known}")
    if alpha and family not in container.with_alpha:
        raise CannotEncode(
            f"{family} holds no alpha channel in a {container.suffix} file",
            where=where,
            next_step=f"use {' or '.join(container.with_alpha)}",
        )
    if not alpha and family not in container.encoders:
        raise CannotEncode(
            f"a {container.suffix} file does not take {family}",
            where=where,
            next_step=f"use {', '.join(container.encoders)}, or write a .mkv file",
        )
    return family, encoder


def _odd_size(video: Video, encoder: str, wanted: str) -> str:
    """Encoders that take no odd size with coarse chroma get full chroma: the size is never changed."""
    layout = known_layout(wanted)
    height, width = video.coded_size
    odd = (width % 2 and layout.shift_x) or (height % 2 and layout.shift_y)
    takes_odd = encoder not in ("libx264", "libx265") and not encoder.endswith(("nvenc", "qsv", "amf"))
    if not odd or takes_odd:
        return wanted
    return wanted.replace("420", "444").replace("422", "444")


def _add_hdr(options: dict[str, str], encoder: str, video: Video, notes: list[str]) -> None:
    """Pass the HDR10 side data on in the form that each encoder reads."""
    if video.hdr is None:
        return
    mastering, light = video.hdr.mastering_text, video.hdr.light_text
    if encoder == "libx265":
        parts = [f"master-display={mastering}"] * bool(mastering) + [f"max-cll={light}"] * bool(light)
        name, extra = "x265-params", ["hdr10=1", *parts]
    elif encoder == "libx264":
        parts = [f"mastering-display={mastering}"] * bool(mastering) + [f"cll={light}"] * bool(light)
        name, extra = "x264-params", parts
    elif encoder == "libsvtav1":
        parts = [f"mastering-display={_svt_units(video)}"] * bool(mastering) + [f"content-light={light}"] * bool(light)
        name, extra = "svtav1-params", parts
    else:
        notes.append(f"{encoder} does not carry HDR10 mastering data; the colour tags are kept.")
        return
    options[name] = ":".join(filter(None, [options.get(name, ""), *extra]))


def _svt_units(video: Video) -> str:
    """SVT-AV1 reads the same text with true numbers in place of the standard's units."""
    assert video.hdr is not None
    assert video.hdr.mastering is not None
    m = video.hdr.mastering
    points = (("G", m.green), ("B", m.blue), ("R", m.red), ("WP", m.white))
    text = "".join(f"{name}({x / 50000:.5f},{y / 50000:.5f})" for name, (x, y) in points)
    return f"{text}L({m.max_luminance / 10000:.4f},{m.min_luminance / 10000:.4f})"


_PRORES = {"apco": "proxy", "apcs": "lt", "apcn": "standard", "apch": "hq", "ap4h": "4444", "ap4x": "4444xq"}
_PRORES_WORDS = {"proxy": "0", "lt": "1", "standard": "2", "hq": "3", "4444": "4", "xq": "5", "4444xq": "5"}


def _add_profile(options: dict[str, str], encoder: str, video: Video, pix_fmt: str) -> None:
    if encoder == "prores_ks":
        full = "444" in pix_fmt
        words = video.profile.lower().split()
        known = next((_PRORES_WORDS[word] for word in reversed(words) if word in _PRORES_WORDS), "")
        fits = video.codec == "prores" and known and (known in "45") == full
        options["profile"] = known if fits else ("4" if full else "3")
        if "yuva" in pix_fmt:
            options["alpha_bits"] = "16"
        options["vendor"] = "apl0"
    elif encoder == "dnxhd":
        deep = "10" in pix_fmt
        options["profile"] = "dnxhr_444" if "444" in pix_fmt else ("dnxhr_hqx" if deep else "dnxhr_hq")
