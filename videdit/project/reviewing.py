"""Which masks a person should look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from videdit.masks import MaskEntry, MaskTrack
from videdit.objects import Objects

DOUBTFUL_SCORE = 0.5
"""Below it a mask is more likely wrong than right."""
NEAR_MISS = 0.3
"""Likeness from which a frame is shown where the object was looked for and not taken to be there."""


def is_doubtful(entry: MaskEntry, below: float = DOUBTFUL_SCORE) -> bool:
    """Return whether a person should look at a mask, or at its absence."""
    if entry.origin in ("prompt", "corrected"):
        return False
    likeness = float(entry.evidence.get("likeness", 0.0)) if entry.origin == "absent" else 0.0
    return entry.score < below or likeness >= NEAR_MISS


def summarise(track: MaskTrack, objects: Objects) -> list[dict[str, Any]]:
    """Return for each object its id and name, and the number of frames it is on, absent from, and in doubt on."""
    rows = []
    for one in objects:
        frames = absent = doubtful = 0
        for entry in track.entries(one.object_id):
            absent += entry.mask.empty
            frames += not entry.mask.empty
            doubtful += is_doubtful(entry)
        rows.append({"id": one.object_id, "name": one.name, "frames": frames, "absent": absent, "doubtful": doubtful})
    return rows


def to_review(
    track: MaskTrack, objects: Iterable[Any], *, below: float = DOUBTFUL_SCORE, apart_frames: int = 10
) -> list[dict[str, Any]]:
    """Return the frames in doubt, worst first; of neighbours closer than `apart_frames` the worst alone.

    One correction puts its neighbours right as well, so a list of every frame would only be long. Frames on which the
    object was looked for, and something like it was seen but not taken for it, are among them.
    """
    rows = []
    for one in objects:
        doubtful = [(entry.score, entry.index) for entry in track.entries(one.object_id) if is_doubtful(entry, below)]
        taken: list[int] = []
        for score, index in sorted(doubtful):
            if all(abs(index - other) >= apart_frames for other in taken):
                taken.append(index)
                rows.append({"object": one.name, "frame": index, "score": round(score, 4)})
    return sorted(rows, key=lambda row: (row["score"], row["object"], row["frame"]))
