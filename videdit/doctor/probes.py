"""Try one library: `python -m videdit.doctor.probes cv2` prints what became of it as one line of JSON.

Run in a process of its own, because a library that is broken can take down the process that imports it, and because
the doctor must not be slowed or changed by what it looks at.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

ENCODERS = ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "prores_ks", "ffv1", "aac", "libopus", "flac")
_HARDWARE_SUFFIXES = ("nvenc", "videotoolbox", "qsv", "amf", "vaapi")
HARDWARE_ENCODERS = tuple(f"{codec}_{suffix}" for suffix in _HARDWARE_SUFFIXES for codec in ("h264", "hevc", "av1"))


def probe(name: str) -> dict[str, Any]:
    """Import a library and ask it for what matters; the answer holds "error" if that failed."""
    try:
        module = importlib.import_module(name)
        details = _DETAILS[name](module) if name in _DETAILS else {}
    except BaseException as error:
        # Broken builds raise SystemError, SystemExit and worse on import.
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {"version": str(getattr(module, "__version__", "")), **details}


def _opencv(cv2: Any) -> dict[str, Any]:
    return {"file": cv2.__file__, "ffmpeg": "FFMPEG:                      YES" in cv2.getBuildInformation()}


def _av(av: Any) -> dict[str, Any]:
    return {
        "ffmpeg": str(getattr(av, "ffmpeg_version_info", "")),
        "encoders": [name for name in ENCODERS if _has_encoder(av, name)],
        "hardware": {name: _try_encoder(av, name) for name in HARDWARE_ENCODERS if _has_encoder(av, name)},
    }


def _has_encoder(av: Any, name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except Exception:
        return False
    return True


def _try_encoder(av: Any, name: str) -> str:
    """Encode two small frames; return what went wrong, empty if nothing did. In the build is not yet on the card."""
    try:
        context = av.CodecContext.create(name, "w")
        context.width, context.height, context.pix_fmt = 640, 384, "nv12"
        context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
        context.open()
        packets = []
        for pts in range(2):
            frame = av.VideoFrame(640, 384, "nv12")
            frame.pts = pts
            packets += context.encode(frame)
        packets += context.encode(None)
    except Exception as error:
        return str(error).splitlines()[0] or type(error).__name__
    return "" if packets else "gives no packets"


def _torch(torch: Any) -> dict[str, Any]:
    devices = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(number)
            devices.append({"device": f"cuda:{number}", "name": card.name, "memory_bytes": card.total_memory})
    if torch.backends.mps.is_available():
        devices.append({"device": "mps", "name": "Apple GPU", "memory_bytes": None})
    return {"built_for_cuda": torch.version.cuda or "", "devices": devices}


_DETAILS: dict[str, Callable[[Any], dict[str, Any]]] = {"cv2": _opencv, "av": _av, "torch": _torch}


def main() -> None:
    """Print the answer for the library named on the command line."""
    # What a library prints while it is imported must not mix with the answer.
    with contextlib.redirect_stdout(sys.stderr):
        answer = probe(sys.argv[1])
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
