"""Masks as films: drawn over the picture, and as an alpha channel there and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from videdit.errors import Interrupted, OptionError, ProjectError
from videdit.masks import (
    IN_MEMORY,
    MaskEntry,
    MaskTrack,
    OverlayStyle,
    PackedMask,
    export_alpha_video,
    export_overlay_video,
    import_alpha_video,
    object_colour,
)
from videdit.media import EncodeSettings, VideoReader, open_video
from videdit.objects import Object, Objects
from videdit.progress import Progress

SIZE = (48, 64)
FRAME_COUNT = 7
DOG = Objects((Object(1, "dog"),), 2)
FFV1 = EncodeSettings(codec="ffv1", lossless=True)


def _disc(index: int) -> PackedMask:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return PackedMask.pack((y - 24) ** 2 + (x - 12 - 5 * index) ** 2 < 90)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(FRAME_COUNT):
            grey = np.full((*SIZE, 3), 90 + 5 * index, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def reader(film: Path) -> Iterator[VideoReader]:
    with open_video(film) as opened:
        yield opened


@pytest.fixture
def track() -> Iterator[MaskTrack]:
    with MaskTrack.open(IN_MEMORY, size=SIZE) as opened:
        opened.put(MaskEntry(1, index, _disc(index)) for index in range(FRAME_COUNT - 1))
        opened.put([MaskEntry(1, FRAME_COUNT - 1, PackedMask.absent(SIZE), 1.0, "absent")])
        yield opened


def test_an_alpha_channel_in_ffv1_loses_no_pixel(reader: VideoReader, track: MaskTrack, tmp_path: Path) -> None:
    out = tmp_path / "cut.mkv"
    exported = export_alpha_video(track, out, reader=reader, objects=DOG, settings=FFV1)
    assert exported.frame_count == FRAME_COUNT
    assert exported.notes == ()
    imported = import_alpha_video(out, name="dog", size=SIZE, frame_count=FRAME_COUNT)
    assert imported.objects == DOG
    assert {one.index: one.mask for one in imported} == {one.index: one.mask for one in track.entries(1)}


@pytest.mark.parametrize(("name", "codec"), [("cut.mov", "prores"), ("cut.webm", "vp9")])
def test_an_alpha_channel_in_other_codecs_keeps_the_mask(
    name: str, codec: str, reader: VideoReader, track: MaskTrack, tmp_path: Path
) -> None:
    out = tmp_path / name
    export_alpha_video(track, out, reader=reader, objects=DOG, settings=EncodeSettings(codec=codec), keep=())
    found = list(import_alpha_video(out))
    assert [one.index for one in found] == [*range(FRAME_COUNT)]
    for one in found:
        kept = one.mask.mask()
        truth = track.union(one.index)
        assert (kept != truth).sum() <= (0 if codec == "prores" else 0.05 * truth.sum())


def test_what_an_alpha_channel_cannot_hold_is_said(reader: VideoReader, track: MaskTrack, tmp_path: Path) -> None:
    two = Objects((*DOG.all, Object(2, "cat")), 3)
    track.put([MaskEntry(2, 0, _disc(3))])
    track.delete(1, 2, 5)
    exported = export_alpha_video(track, tmp_path / "cut.mkv", reader=reader, objects=two, settings=FFV1)
    assert len(exported.notes) == 2
    assert "the 2 objects are joined" in exported.notes[0]
    assert "Nothing was tracked on 3 frames" in exported.notes[1]
    masks = {one.index: one.mask.mask() for one in import_alpha_video(tmp_path / "cut.mkv")}
    assert np.array_equal(masks[0], _disc(0).mask() | _disc(3).mask())
    assert not masks[3].any()


def test_an_overlay_is_drawn_where_the_object_is(reader: VideoReader, track: MaskTrack, tmp_path: Path) -> None:
    out = tmp_path / "overlay.mkv"
    style = OverlayStyle(opacity=0.5, labels=False, contour_px=0)
    export_overlay_video(track, out, reader=reader, objects=DOG, settings=FFV1, style=style)
    with open_video(out) as drawn:
        assert drawn.frame_count == FRAME_COUNT
        for before, after in zip(reader.pictures(), drawn.pictures(), strict=True):
            mask = track.union(before.index)
            # Chroma is shared by 2x2 pixels, so what is next to the object may change with it.
            near = np.kron(mask.reshape(24, 2, 32, 2).any(axis=(1, 3)), np.ones((2, 2), dtype=bool))
            assert np.array_equal(after.rgb()[~near], before.rgb()[~near])
            middle = (24, min(63, 12 + 5 * before.index))
            if mask.any():
                expected = before.rgb()[middle] / 2 + np.multiply(object_colour(1), 0.5)
                assert np.abs(after.rgb()[middle] - expected).max() <= 6


def test_a_film_without_alpha_or_of_another_length_is_refused(
    film: Path, reader: VideoReader, track: MaskTrack, tmp_path: Path
) -> None:
    with pytest.raises(ProjectError, match="the film has no alpha channel"):
        import_alpha_video(film)
    out = tmp_path / "cut.mkv"
    export_alpha_video(track, out, reader=reader, objects=DOG, settings=FFV1)
    with pytest.raises(ProjectError, match="the masks have 7 frames, but the film has 9"):
        import_alpha_video(out, frame_count=9)
    with pytest.raises(ProjectError, match="the mask is 64x48, but it should be 20x10"):
        import_alpha_video(out, size=(10, 20))


def test_the_film_itself_is_not_overwritten(film: Path, reader: VideoReader, track: MaskTrack) -> None:
    before = film.read_bytes()
    with pytest.raises(OptionError, match="overwrite its source"):
        export_overlay_video(track, film, reader=reader, objects=DOG)
    assert film.read_bytes() == before


def test_a_stopped_export_leaves_nothing(reader: VideoReader, track: MaskTrack, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        export_overlay_video(track, tmp_path / "o.mkv", reader=reader, objects=DOG, settings=FFV1, report=stop)
    assert list(tmp_path.iterdir()) == []
