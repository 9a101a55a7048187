"""What `videdit probe` prints."""

from __future__ import annotations

from collections.abc import Iterator

from videdit.media import Video


def probe_lines(video: Video) -> Iterator[str]:
    """Yield the description of a film: its picture, its other streams, and what will happen to each."""
    facts = video.as_dict()
    yield str(video.path)
    for key, value in facts.items():
        if key in ("path", "remarks") or value in (None, "", [], {}):
            continue
        name = key.replace("_", " ")
        if isinstance(value, dict):
            value = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in value.items() if v not in (None, "", []))
        if isinstance(value, list):
            yield f"  {name}:"
            for one in value:
                shown = one
                if isinstance(one, dict):
                    shown = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in one.items() if v not in (None, "", []))
                yield f"    - {shown}"
        else:
            yield f"  {name}: {value}"
    if video.remarks:
        yield "  what will happen:"
        for remark in video.remarks:
            yield f"    - {remark}"
