"""Which masks a person should look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from videdit.masks import MaskTrack
from videdit.objects import Objects

DOUBTFUL_SCORE = 0.5
"""Below it a mask is more likely wrong than right."""


def summarise(track: MaskTrack, objects: Objects) -> list[dict[str, Any]]:
    """Return for each object its id and name, and the number of frames it is on, absent from, and in doubt on."""
    rows = []
    for one in objects:
        frames = absent = doubtful = 0
        for entry in track.entries(one.object_id):
            absent += entry.mask.empty
            frames += not entry.mask.empty
            doubtful += entry.score < DOUBTFUL_SCORE and entry.origin not in ("prompt", "corrected")
        rows.append({"id": one.object_id, "name": one.name, "frames": frames, "absent": absent, "doubtful": doubtful})
    return rows


def to_review(
    track: MaskTrack, objects: Iterable[Any], *, below: float = DOUBTFUL_SCORE, apart_frames: int = 10
) -> list[dict[str, Any]]:
    """Return the frames in doubt, worst first; of neighbours closer than `apart_frames` the worst alone.

    One correction puts its neighbours right as well, so a list of every frame would only be long.
    """
    rows = []
    for one in objects:
        doubtful = [
            (entry.score, entry.index)
            for entry in track.entries(one.object_id)
            if entry.score < below and entry.origin not in ("prompt", "corrected")
        ]
        taken: list[int] = []
        for score, index in sorted(doubtful):
            if all(abs(index - other) >= apart_frames for other in taken):
                taken.append(index)
                rows.append({"object": one.name, "frame": index, "score": round(score, 4)})
    return sorted(rows, key=lambda row: (row["score"], row["object"], row["frame"]))
