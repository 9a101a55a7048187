"""Masks out and in again: nothing that a format can hold is lost, and what it cannot hold is said."""

from __future__ import annotations

import csv
import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pycocotools import mask as coco
from pycocotools.coco import COCO

from videdit.errors import Interrupted, OptionError, ProjectError
from videdit.masks import (
    IN_MEMORY,
    ORIGINS,
    Imported,
    LabelMap,
    MaskEntry,
    MaskTrack,
    PackedMask,
    davis_palette,
    export_binary_png,
    export_coco,
    export_palette_png,
    export_scores,
    import_binary_png,
    import_coco,
    import_palette_png,
    json_stream,
)
from videdit.objects import Object, Objects
from videdit.progress import Progress
from videdit.shots import Shot

FRAME_COUNT = 12
EXPORTS = {"palette": export_palette_png, "binary": export_binary_png, "coco": export_coco}
IMPORTS: dict[str, Callable[..., Imported]] = {
    "palette": import_palette_png,
    "binary": import_binary_png,
    "coco": import_coco,
}

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
object_ids = st.one_of(st.integers(1, 5), st.sampled_from([255, 256, 65535]))


@st.composite
def tracked(draw: st.DrawFn, overlaps: bool) -> tuple[tuple[int, int], Objects, list[MaskEntry]]:
    """A film's size, its objects, and their masks on frames that need not follow one another."""
    size = (draw(st.integers(1, 19)), draw(st.integers(1, 19)))
    ids = draw(st.lists(object_ids, min_size=1, max_size=3, unique=True))
    labels = draw(st.lists(names, min_size=len(ids), max_size=len(ids), unique=True))
    objects = Objects(tuple(Object(one, name) for one, name in zip(sorted(ids), labels, strict=True)), max(ids) + 1)
    entries = []
    for index in draw(st.lists(st.integers(0, FRAME_COUNT - 1), max_size=4, unique=True)):
        free = np.ones(size, dtype=bool)
        for object_id in draw(st.lists(st.sampled_from(sorted(ids)), unique=True)):
            mask = draw(hnp.arrays(np.bool_, size))
            if not overlaps:
                mask &= free
                free &= ~mask
            entries.append(MaskEntry(object_id, index, PackedMask.pack(mask)))
    return size, objects, entries


@contextmanager
def _track(size: tuple[int, int], entries: Sequence[MaskEntry]) -> Iterator[MaskTrack]:
    with MaskTrack.open(IN_MEMORY, size=size) as track:
        track.put(entries)
        yield track


def _there_and_back(kind: str, size: tuple[int, int], objects: Objects, entries: Sequence[MaskEntry]) -> None:
    with tempfile.TemporaryDirectory() as folder, _track(size, entries) as track, _track(size, []) as back:
        out = Path(folder) / "masks"
        exported = EXPORTS[kind](track, out, frame_count=FRAME_COUNT, objects=objects)
        assert exported.path == out
        assert exported.notes == ()
        imported = IMPORTS[kind](out, frame_count=FRAME_COUNT)
        assert imported.size == size
        assert imported.objects == objects
        back.put(imported)
        assert back.digest() == track.digest()


@settings(max_examples=40)
@given(tracked(overlaps=False))
def test_palette_png_loses_nothing(case: tuple[tuple[int, int], Objects, list[MaskEntry]]) -> None:
    _there_and_back("palette", *case)


@settings(max_examples=25)
@given(tracked(overlaps=True))
def test_binary_png_loses_nothing(case: tuple[tuple[int, int], Objects, list[MaskEntry]]) -> None:
    _there_and_back("binary", *case)


@settings(max_examples=60)
@given(tracked(overlaps=True), st.data())
def test_coco_loses_nothing_scores_included(
    case: tuple[tuple[int, int], Objects, list[MaskEntry]], data: st.DataObject
) -> None:
    size, objects, entries = case
    scores = st.floats(0, 1, allow_subnormal=False)
    evidence = st.dictionaries(names, st.one_of(scores, st.integers(-5, 5), st.none()), max_size=2)
    scored = [
        MaskEntry(
            one.object_id,
            one.index,
            one.mask,
            data.draw(scores),
            data.draw(st.sampled_from(ORIGINS)),
            data.draw(evidence),
        )
        for one in entries
    ]
    _there_and_back("coco", size, objects, scored)


# -- a film to look at more closely ------------------------------------------------------------------------------------

SIZE = (10, 14)
OBJECTS = Objects((Object(1, "dog"), Object(3, "der Ball/..")), 4)


def _box(x0: int, y0: int, x1: int, y1: int) -> PackedMask:
    mask = np.zeros(SIZE, dtype=bool)
    mask[y0:y1, x0:x1] = True
    return PackedMask.pack(mask)


ENTRIES = [
    MaskEntry(1, 2, _box(2, 1, 6, 5), 0.5, "prompt"),
    MaskEntry(1, 3, PackedMask.absent(SIZE), 0.75, "absent"),
    MaskEntry(3, 2, _box(4, 3, 9, 8), 0.25, "tracked", {"margin": 0.125}),
]


@pytest.fixture
def film() -> Iterator[MaskTrack]:
    with _track(SIZE, ENTRIES) as track:
        yield track


def test_palette_png_is_what_davis_tools_read(film: MaskTrack, tmp_path: Path) -> None:
    export_palette_png(film, tmp_path / "m", frame_count=5, objects=OBJECTS)
    assert sorted(path.name for path in tmp_path.glob("m/*.png")) == [f"{index:05d}.png" for index in range(5)]
    with Image.open(tmp_path / "m" / "00002.png") as picture:
        assert picture.mode == "P"
        assert picture.getpalette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
        assert np.array_equal(np.asarray(picture), film.label_map(2).labels)
    with Image.open(tmp_path / "m" / "00004.png") as picture:
        assert not np.asarray(picture).any()


def test_the_palette_has_a_colour_for_each_object() -> None:
    colours = np.frombuffer(davis_palette(), dtype=np.uint8).reshape(256, 3)
    assert len(np.unique(colours, axis=0)) == 256
    assert colours[[5, 8, 255]].tolist() == [[128, 0, 128], [64, 0, 0], [224, 224, 192]]


def test_ids_beyond_a_palette_are_16_bit_grey(film: MaskTrack, tmp_path: Path) -> None:
    film.put([MaskEntry(256, 2, _box(0, 0, 2, 2))])
    more = Objects((*OBJECTS.all, Object(256, "sky")), 257)
    export_palette_png(film, tmp_path / "m", frame_count=4, objects=more)
    with Image.open(tmp_path / "m" / "00002.png") as picture:
        assert picture.mode == "I;16"
        assert np.asarray(picture)[0, 0] == 256


def test_an_overlap_is_resolved_in_the_order_given_and_said(film: MaskTrack, tmp_path: Path) -> None:
    exported = export_palette_png(film, tmp_path / "m", frame_count=4, objects=OBJECTS, order=[3, 1])
    assert len(exported.notes) == 1
    assert "overlap on 1 frames" in exported.notes[0]
    assert " 4 pixels" in exported.notes[0]
    back = {(one.object_id, one.index): one.mask for one in import_palette_png(tmp_path / "m")}
    assert back[1, 2] == _box(2, 1, 6, 5)
    assert back[3, 2].area_px == 25 - 4


def test_only_the_objects_and_the_range_asked_for_are_written(film: MaskTrack, tmp_path: Path) -> None:
    dog = Objects(OBJECTS.all[:1], 4)
    exported = export_palette_png(film, tmp_path / "m", frame_count=9, objects=dog, span=Shot(3, 5))
    assert exported.frame_count == 2
    assert [path.name for path in sorted(tmp_path.glob("m/*.png"))] == ["00003.png", "00004.png"]
    assert [(one.object_id, one.index) for one in import_palette_png(tmp_path / "m")] == [(1, 3)]


def test_binary_png_is_black_and_white_in_a_folder_each(film: MaskTrack, tmp_path: Path) -> None:
    export_binary_png(film, tmp_path / "m", frame_count=4, objects=OBJECTS)
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["00001-dog", "00003-der_Ball", "objects.json"]
    with Image.open(tmp_path / "m" / "00001-dog" / "00002.png") as picture:
        assert picture.mode == "L"
        assert np.array_equal(np.asarray(picture), ENTRIES[0].mask.mask() * np.uint8(255))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_is_what_pycocotools_reads(film: MaskTrack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported = export_coco(film, tmp_path / "masks.json", frame_count=5, objects=OBJECTS)
    assert exported.frame_count == 2
    read = COCO(str(tmp_path / "masks.json"))
    capsys.readouterr()
    assert [one["frame"] for one in read.loadImgs(read.getImgIds())] == [2, 3]
    assert {one["id"]: one["name"] for one in read.loadCats(read.getCatIds())} == {1: "dog", 3: "der Ball/.."}
    for entry, annotation in zip(
        sorted(ENTRIES, key=lambda one: (one.index, one.object_id)), read.loadAnns(read.getAnnIds()), strict=True
    ):
        assert np.array_equal(read.annToMask(annotation), entry.mask.mask())
        assert isinstance(annotation["segmentation"]["counts"], str)
        assert annotation["area"] == coco.area(read.annToRLE(annotation)) == entry.mask.area_px
        assert annotation["bbox"] == coco.toBbox(read.annToRLE(annotation)).tolist()
        assert annotation["score"] == entry.score


def test_scores_as_csv_and_json_say_the_same(film: MaskTrack, tmp_path: Path) -> None:
    export_scores(film, tmp_path / "scores.csv", frame_count=5, objects=OBJECTS)
    export_scores(film, tmp_path / "scores.json", frame_count=5, objects=OBJECTS)
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    rows = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert [(int(one["frame"]), one["object"], float(one["score"])) for one in table] == [
        (2, "dog", 0.5),
        (2, "der Ball/..", 0.25),
        (3, "dog", 0.75),
    ]
    assert [one["origin"] for one in table] == [one["origin"] for one in rows] == ["prompt", "tracked", "absent"]
    assert [one["box"] for one in rows] == [[2, 1, 6, 5], [4, 3, 9, 8], None]
    assert [one["x1"] for one in table] == ["6", "9", ""]
    assert [int(one["area_px"]) for one in table] == [one["area_px"] for one in rows] == [16, 25, 0]
    assert rows[1]["evidence"] == {"margin": 0.125}


def test_scores_in_another_format_are_refused(film: MaskTrack, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"end the name in \.csv or \.json"):
        export_scores(film, tmp_path / "scores.xls", frame_count=5, objects=OBJECTS)


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_same_masks_give_the_same_bytes(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    for name in ("a", "b"):
        EXPORTS[kind](film, tmp_path / name, frame_count=5, objects=OBJECTS)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def _bytes(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


@pytest.mark.parametrize("kind", EXPORTS)
def test_memory_does_not_grow_with_the_film(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK_CHARACTERS", 1000)
    size = (100, 150)
    noise = np.kron(np.random.default_rng(0).random((20, 30)) < 0.5, np.ones((5, 5), dtype=bool))
    peaks = []
    for run, frame_count in enumerate((1, 10, 60)):  # the first run loads libraries
        with MaskTrack.open(tmp_path / f"{run}.sqlite", size=size) as track:
            track.put(MaskEntry(1, index, PackedMask.pack(np.roll(noise, index))) for index in range(frame_count))
            tracemalloc.start()
            EXPORTS[kind](track, tmp_path / f"{run}", frame_count=frame_count, objects=Objects(OBJECTS.all[:1], 4))
            assert sum(1 for _ in IMPORTS[kind](tmp_path / f"{run}")) == frame_count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[2] < 1.3 * peaks[1]


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_that_is_stopped_leaves_nothing(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        EXPORTS[kind](film, tmp_path / "m", frame_count=5, objects=OBJECTS, report=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["palette", "binary"])
def test_files_of_two_exports_do_not_mix(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    EXPORTS[kind](film, tmp_path / "m", frame_count=5, objects=OBJECTS)
    before = _bytes(tmp_path / "m")
    with pytest.raises(OptionError, match="something here already"):
        EXPORTS[kind](film, tmp_path / "m", frame_count=5, objects=OBJECTS)
    assert _bytes(tmp_path / "m") == before


@pytest.mark.parametrize("kind", EXPORTS)
def test_masks_beyond_the_film_are_refused(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"object 'dog': there is a mask on frame 3, but the film has 3 frames"):
        EXPORTS[kind](film, tmp_path / "m", frame_count=3, objects=OBJECTS)
    with pytest.raises(OptionError, match="the range ends at frame 9"):
        EXPORTS[kind](film, tmp_path / "m", frame_count=5, objects=OBJECTS, span=Shot(2, 9))


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_place_that_cannot_be_written_is_a_plain_error(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProjectError, match="cannot be written"):
        EXPORTS[kind](film, tmp_path / "file" / "m", frame_count=5, objects=OBJECTS)


@pytest.mark.parametrize("kind", ["palette", "binary"])
def test_a_missing_frame_is_named(kind: str, film: MaskTrack, tmp_path: Path) -> None:
    EXPORTS[kind](film, tmp_path / "m", frame_count=5, objects=OBJECTS)
    for path in tmp_path.rglob("00003.png"):
        path.unlink()
    with pytest.raises(ProjectError, match="frame 3 is missing"):
        IMPORTS[kind](tmp_path / "m")


def test_a_pixel_value_that_is_no_object_is_named(film: MaskTrack, tmp_path: Path) -> None:
    export_palette_png(film, tmp_path / "m", frame_count=4, objects=OBJECTS)
    Image.fromarray(np.full(SIZE, 77, np.uint8)).save(tmp_path / "m" / "00001.png")
    with pytest.raises(ProjectError, match=r"frame 1: the pixel value 77 is no object"):
        list(import_palette_png(tmp_path / "m"))


def test_real_annotations_go_there_and_back(footage: Path, tmp_path: Path) -> None:
    source = footage / "davis" / "Annotations" / "480p" / "bmx-trees"
    frames = sorted(source.glob("*.png"))[:3]
    (tmp_path / "in").mkdir()
    for path in frames:
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
    imported = import_binary_png(tmp_path / "in")
    with _track(imported.size, []) as track:
        track.put(imported)
        for path in frames:
            assert np.array_equal(track.union(int(path.stem)), np.asarray(Image.open(path)) > 0)
        export_palette_png(track, tmp_path / "out", frame_count=3, objects=imported.objects)
        again = {one.index: one.mask for one in import_palette_png(tmp_path / "out")}
        assert again == {one.index: one.mask for one in track.entries(1)}
        assert LabelMap.of({1: again[0]}, imported.size).object_ids == [1]
