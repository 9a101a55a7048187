"""A removal that was stopped and goes on gives the bytes of one that was not, what the masks missed included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import videdit
from videdit.errors import Interrupted
from videdit.masks import MaskEntry, PackedMask
from videdit.media import EncodeSettings, open_video
from videdit.objects import Objects
from videdit.pipeline import render
from videdit.progress import Progress
from videdit.testing.clips import ClipTruth, make_clip

FRAMES = 18
BITTEN = (8, 9, 10)
BITE_PX = 4
LOSSLESS = EncodeSettings(lossless=True, preset="ultrafast")


def bite(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rightmost columns of an object."""
    result = mask.copy()
    result[:, : np.flatnonzero(mask.any(axis=0))[-1] - BITE_PX + 1] = False
    return result


def removed(clip: ClipTruth, folder: Path, stop_at: int | None = None) -> Path:
    out = folder / "out.mkv"

    def tell(progress: Progress) -> None:
        if progress.stage == "render" and stop_at is not None and progress.done == stop_at:
            raise Interrupted("stopped")

    with videdit.open(clip.path, folder / "work") as project:
        objects, thing = Objects().with_named("disc")
        project.import_objects(objects)
        for index, mask in enumerate(clip.masks):
            given = mask & ~bite(mask) if index in BITTEN else mask
            project.track.put([MaskEntry(thing.object_id, index, PackedMask.pack(given))])
        project.set_shots([videdit.Shot(0, FRAMES, "start")])
        project.effect("remove", filler="builtin", shadows=False, check=False)
        if stop_at is not None:
            with pytest.raises(Interrupted):
                project.save(out, settings=LOSSLESS, report=tell)
    with videdit.open(project=folder / "work") as project:
        assert project.save(out, settings=LOSSLESS).reused == (0 if stop_at is None else 2)
    return out


def test_stopped_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "CHUNK_FRAMES", 5)
    clip = make_clip(tmp_path / "film.mkv", frames=FRAMES, codec="ffv1")
    whole = removed(clip, tmp_path / "whole")
    assert whole.read_bytes() == removed(clip, tmp_path / "resumed", stop_at=13).read_bytes()
    index = BITTEN[1]
    with open_video(clip.path) as film, open_video(whole) as result:
        before, after = (reader.shot_frames(videdit.Shot(0, FRAMES))[index].rgb8 for reader in (film, result))
    changed = (before != after).any(axis=2)
    assert changed[bite(clip.masks[index])].mean() > 0.9
    # Within the rim and what was missed alone.
    rows, columns = np.nonzero(clip.masks[index])
    changed[rows.min() - 6 : rows.max() + 7, columns.min() - 6 : columns.max() + 7] = False
    assert not changed.any()
