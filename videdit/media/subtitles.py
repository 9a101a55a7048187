"""Text subtitles from one container's form to another's: the words and their times are kept, styling is not."""

from __future__ import annotations

import re
from typing import Final

TEXT_CODECS: Final = frozenset({"subrip", "srt", "text", "mov_text", "webvtt", "ass", "ssa"})
_ASS_TAGS: Final = re.compile(r"\{[^}]*\}")
_ASS_FIELDS = 8
"""Fields before the words in an ASS event as Matroska stores it."""


def words_of(codec: str, packet: bytes) -> str:
    """Return the words of one subtitle packet, lines parted by a line feed; "" for a packet that shows nothing."""
    if codec == "mov_text":
        return packet[2 : 2 + int.from_bytes(packet[:2])].decode("utf-8", "replace")
    text = packet.decode("utf-8", "replace")
    if codec in ("ass", "ssa"):
        words = text.split(",", _ASS_FIELDS)[-1]
        return _ASS_TAGS.sub("", words).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return text.strip("\r\n\0")


def packet_of(codec: str, words: str) -> bytes:
    """Return the packet that shows the words in a codec of `TEXT_CODECS` other than ASS."""
    data = words.encode()
    return len(data).to_bytes(2) + data if codec == "mov_text" else data
