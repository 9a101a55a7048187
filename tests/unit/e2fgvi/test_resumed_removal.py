"""A removal that was stopped and taken up again is the same, byte for byte; nothing changes outside the fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

import videdit
from videdit import Plugins, Runtime
from videdit.errors import Interrupted
from videdit.masks import MaskEntry, PackedMask
from videdit.media import EncodeSettings
from videdit.objects import Objects
from videdit.pipeline import render
from videdit.progress import Progress
from videdit.testing.clips import ClipTruth, make_clip
from videdit_plugins.builtin.filler.engine import BuiltinFiller
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.e2fgvi.engine import E2fgviFiller
from videdit_plugins.e2fgvi.full_size import FullSizeFiller
from videdit_plugins.e2fgvi.options import LEAST_PIXELS, E2fgviOptions

FRAMES = 18
LOSSLESS = EncodeSettings(lossless=True, preset="ultrafast")


class Both:
    """Offers the built-in filler and a stand-in for the network behind it."""

    def __init__(self, network: Any) -> None:
        self._network = network

    @videdit.hookimpl
    def register_fillers(self, register: Any) -> None:
        def make(options: E2fgviOptions, runtime: Runtime) -> FullSizeFiller:
            plain = FillerOptions(shadows=False, remnants=False)
            return FullSizeFiller(BuiltinFiller(plain, runtime), E2fgviFiller(options, runtime, self._network()))

        register("both", make, E2fgviOptions)


def removed(clip: ClipTruth, folder: Path, network: Any, stop_at: int | None = None) -> Path:
    plugins = Plugins(objects={"both": Both(network)})
    out = folder / "out.mkv"

    def tell(progress: Progress) -> None:
        if progress.stage == "render" and stop_at is not None and progress.done == stop_at:
            raise Interrupted("stopped")

    runtime = plugins.runtime(Runtime(quality="draft"))
    with videdit.open(clip.path, folder / "work", plugins=plugins, runtime=runtime) as project:
        objects, thing = Objects().with_named("disc")
        project.import_objects(objects)
        # It stands still, so no frame shows what is behind its middle.
        mask = np.zeros(clip.masks[0].shape, bool)
        mask[20:50, 30:60] = True
        packed = PackedMask.pack(mask)
        project.track.put(MaskEntry(thing.object_id, index, packed) for index in range(FRAMES))
        project.set_shots([videdit.Shot(0, FRAMES, "start")])
        options = {"filler": "both", "filler_options": {"working_pixels": LEAST_PIXELS}}
        project.effect("remove", **options, shadows=False, remnants=False, masks={"grow": "0"})
        if stop_at is not None:
            with pytest.raises(Interrupted):
                project.save(out, settings=LOSSLESS, report=tell)
            assert not out.exists()
    if stop_at is not None:
        with videdit.open(project=folder / "work", plugins=plugins, runtime=runtime) as project:
            rendered = project.save(out, settings=LOSSLESS)
            assert rendered.reused == 2
    else:
        with videdit.open(project=folder / "work", plugins=plugins, runtime=runtime) as project:
            told = project.save(out, settings=LOSSLESS).reports[0]
            assert told["pixels_by_network"] > 0
            assert " dB" in told["shots"][f"0-{FRAMES - 1}"]["check"]
    return out


def test_stopped_and_resumed(tmp_path: Path, mean_network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "CHUNK_FRAMES", 5)
    clip = make_clip(tmp_path / "film.mkv", frames=FRAMES, codec="ffv1")
    whole = removed(clip, tmp_path / "whole", mean_network)
    resumed = removed(clip, tmp_path / "resumed", mean_network, stop_at=13)
    assert whole.read_bytes() == resumed.read_bytes()
    touched = np.zeros(clip.masks[0].shape, np.uint8)
    touched[20:50, 30:60] = 1
    changed = 0
    with av.open(str(clip.path)) as before, av.open(str(whole)) as after:
        for one, other in zip(before.decode(video=0), after.decode(video=0), strict=True):
            for a, b in zip(one.planes, other.planes, strict=True):
                first, second = (
                    np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
                    for plane in (a, b)
                )
                where = cv2.resize(touched, first.shape[::-1], interpolation=cv2.INTER_AREA) > 0
                assert np.array_equal(first[~where], second[~where])
                changed += np.count_nonzero(first != second)
    assert changed > 0
