"""Files of masks that other programs wrote, and what is wrong with a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videdit.errors import ProjectError
from videdit.masks import Imported, import_binary_png, import_coco, import_palette_png
from videdit.objects import Object, Objects

IMPORTS: dict[str, Callable[..., Imported]] = {"palette": import_palette_png, "binary": import_binary_png}


# -- other programs' files ---------------------------------------------------------------------------------------------


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_a_folder_of_labels_without_our_list_is_read(tmp_path: Path) -> None:
    labels = np.zeros((4, 5), dtype=np.uint8)
    labels[1, 1:3] = 2
    _save(tmp_path / "frame_7.png", labels)
    _save(tmp_path / "frame_0012.png", labels * 0 + np.uint8(9))
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._frame_7.png").write_bytes(b"rubbish")
    imported = import_palette_png(tmp_path)
    assert imported.objects == Objects((Object(2, "object-2"), Object(9, "object-9")), 10)
    # On a frame that has a file, an object without pixels was looked for and is absent.
    assert [(one.index, one.object_id, one.mask.area_px) for one in imported] == [
        (7, 2, 2),
        (7, 9, 0),
        (12, 2, 0),
        (12, 9, 20),
    ]


def test_black_and_white_folders_without_our_list_are_read(tmp_path: Path) -> None:
    white = np.full((4, 5), 255, dtype=np.uint8)
    _save(tmp_path / "two" / "7" / "0.png", white)
    _save(tmp_path / "two" / "300-cat" / "0.png", white // 255)
    _save(tmp_path / "named" / "dog" / "1.png", np.stack([white * 0, white, white * 0], axis=2))
    _save(tmp_path / "named" / "2 cats" / "1.png", white > 0)
    _save(tmp_path / "one" / "3.png", white.astype(np.uint16) * 257)
    assert import_binary_png(tmp_path / "two").objects == Objects((Object(7, "7"), Object(300, "cat")), 301)
    assert [one.name for one in import_binary_png(tmp_path / "named").objects] == ["2 cats", "dog"]
    assert import_binary_png(tmp_path / "one").objects == Objects((Object(1, "one"),), 2)
    for name in ("two", "named", "one"):
        assert all(one.mask.area_px == 20 for one in import_binary_png(tmp_path / name))


def test_the_grey_that_counts_can_be_chosen(tmp_path: Path) -> None:
    _save(tmp_path / "0.png", np.array([[0, 1, 127, 128, 255]], dtype=np.uint8))
    assert [one.mask.area_px for one in import_binary_png(tmp_path)] == [4]
    assert [one.mask.area_px for one in import_binary_png(tmp_path, threshold=128)] == [2]


def _coco_file(path: Path, **changes: object) -> Path:
    segmentation = {"size": [4, 5], "counts": [4, 4, 12]}
    told: dict[str, object] = {
        "images": [{"id": 900, "file_name": "film/frame_0007.jpg", "height": 4, "width": 5}],
        "annotations": [{"image_id": 900, "category_id": 18, "segmentation": segmentation}],
        "categories": [{"id": 18, "name": "dog"}, {"id": 19, "name": "horse"}],
    }
    path.write_text(json.dumps(told | changes), encoding="utf-8")
    return path


def test_coco_of_other_programs_is_read(tmp_path: Path) -> None:
    imported = import_coco(_coco_file(tmp_path / "c.json"))
    assert imported.objects == Objects((Object(18, "dog"),), 19)
    (entry,) = imported
    assert (entry.index, entry.object_id, entry.score, entry.origin) == (7, 18, 1.0, "imported")
    assert entry.mask.mask().sum(axis=0).tolist() == [0, 4, 0, 0, 0]


def test_coco_polygons_and_track_ids_are_read(tmp_path: Path) -> None:
    square = {"image_id": 900, "category_id": 18, "track_id": 1, "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]]}
    other = square | {"track_id": 2, "segmentation": []}
    imported = import_coco(_coco_file(tmp_path / "c.json", annotations=[square, other]))
    # Two things of one class are two objects, and neither is the class.
    assert [(one.object_id, one.name) for one in imported.objects] == [(1, "object-1"), (2, "object-2")]
    one, two = imported
    assert one.mask.mask()[1:3, 1:4].all()
    assert one.mask.area_px == 6
    assert two.mask.empty


# -- what is wrong with a file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["palette", "binary"])
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda path: path.write_bytes(b"no picture"), r"00001\.png, frame 1: this is no PNG file, or it is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), r"frame 1: this is no PNG file, or it is damaged"),
        (
            lambda path: Image.new("RGB", (5, 4)).save(path, format="JPEG"),
            r"frame 1: this is no PNG file, or it is damaged",
        ),
        (lambda path: _save(path, np.zeros((3, 9), np.uint8)), r"frame 1: the mask is 9x3, but it should be 5x4"),
        (lambda path: Image.new("RGBA", (5, 4)).save(path), r"frame 1: the picture is of kind RGBA"),
        (lambda path: path.rename(path.with_name("one.png")), r"one\.png: there is no frame number"),
        (lambda path: _save(path.with_name("1.png"), np.zeros((4, 5), np.uint8)), "frame 1 is in two files"),
        (lambda path: path.rename(path.with_name("00099.png")), "there is no frame 99 in a film of 5 frames"),
    ],
)
def test_a_bad_picture_is_named(kind: str, spoil: Callable[[Path], object], complaint: str, tmp_path: Path) -> None:
    for index in range(3):
        _save(tmp_path / f"{index:05d}.png", np.eye(4, 5, dtype=np.uint8))
    spoil(tmp_path / "00001.png")
    with pytest.raises(ProjectError, match=complaint):
        list(IMPORTS[kind](tmp_path, size=(4, 5), frame_count=5))


def test_a_colour_picture_is_no_label_map(tmp_path: Path) -> None:
    _save(tmp_path / "00000.png", np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(ProjectError, match=r"00000\.png, frame 0: this is a colour picture"):
        import_palette_png(tmp_path)


@pytest.mark.parametrize("kind", ["palette", "binary"])
def test_a_folder_with_nothing_in_it_is_an_error(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such folder"):
        IMPORTS[kind](tmp_path / "gone")
    with pytest.raises(ProjectError, match="there are no PNG files"):
        IMPORTS[kind](tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "the list of objects is damaged"),
        ("{}", "the list of objects is damaged"),
        ('{"format": "videdit masks 9"}', "its format is 'videdit masks 9'"),
        ('{"format": "videdit masks 1", "objects": [{"id": 0, "name": "a", "frames": []}]}', "object id 0"),
        (
            '{"format": "videdit masks 1", "objects": [{"id": 1, "name": "a", "frames": []}, '
            '{"id": 2, "name": "a", "frames": []}]}',
            "two objects are named 'a'",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["palette", "binary"])
def test_a_damaged_list_of_objects_is_named(kind: str, text: str, complaint: str, tmp_path: Path) -> None:
    _save(tmp_path / "00000.png", np.zeros((4, 5), np.uint8))
    (tmp_path / "objects.json").write_text(text)
    with pytest.raises(ProjectError, match=complaint):
        IMPORTS[kind](tmp_path)


def test_a_list_of_objects_does_not_lead_elsewhere(tmp_path: Path) -> None:
    _save(tmp_path / "secret" / "00000.png", np.ones((4, 5), np.uint8))
    (tmp_path / "m").mkdir()
    text = '{"format": "videdit masks 1", "objects": [{"id": 1, "name": "a", "folder": "../secret", "frames": []}]}'
    (tmp_path / "m" / "objects.json").write_text(text)
    with pytest.raises(ProjectError, match="the folder of object 'a'"):
        import_binary_png(tmp_path / "m")


_RLE = {"size": [4, 5], "counts": [4, 4, 12]}


@pytest.mark.parametrize(
    ("annotation", "complaint"),
    [
        ({"segmentation": {"size": [4, 6], "counts": [24]}}, "frame 7: the mask is 6x4, but it should be 5x4"),
        ({"segmentation": {"size": [4, 5], "counts": [4, 4]}}, "frame 7: the run lengths of a mask do not fill"),
        ({"segmentation": {"size": [4, 5], "counts": [4, -4, 20]}}, "frame 7: the run lengths of a mask do not fill"),
        ({"segmentation": {"size": [4, 5], "counts": "S1"}}, "frame 7: the run lengths of a mask do not fill"),
        ({"segmentation": {"size": [4, 5], "counts": "\u00ff"}}, "not what COCO says"),
        ({"segmentation": {"size": [4, 5], "counts": "P"}}, "not what COCO says"),
        ({"segmentation": {"size": [4, 5], "counts": []}}, "do not fill"),
        ({"segmentation": None}, "not what COCO says"),
        ({"category_id": 70000, "segmentation": _RLE}, r"c\.json: object id 70000 is not in 1\.\.65535"),
        ({"image_id": 3, "segmentation": _RLE}, "an annotation is of image 3, which is not there"),
        ({"category_id": "dog", "segmentation": _RLE}, "not what COCO says"),
        ({"evidence": 3, "segmentation": _RLE}, "not what COCO says"),
        ({"score": "high", "segmentation": _RLE}, "not what COCO says"),
    ],
)
def test_a_bad_annotation_is_named(annotation: dict[str, object], complaint: str, tmp_path: Path) -> None:
    whole = {"image_id": 900, "category_id": 1} | annotation
    with pytest.raises(ProjectError, match=complaint):
        list(import_coco(_coco_file(tmp_path / "c.json", annotations=[whole])))


@pytest.mark.parametrize("changes", [{"annotations": [1]}, {"annotations": [{"image_id": 900}]}, {"images": [None]}])
def test_a_part_of_another_kind_is_an_error(changes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not what COCO says"):
        list(import_coco(_coco_file(tmp_path / "c.json", **changes)))


def test_two_films_in_one_coco_file_are_refused(tmp_path: Path) -> None:
    images = [{"id": one, "file_name": f"{one}/0007.jpg", "height": 4, "width": 5} for one in (900, 901)]
    with pytest.raises(ProjectError, match="frame 7 is in two images"):
        import_coco(_coco_file(tmp_path / "c.json", images=images))


def test_two_masks_of_one_object_on_a_frame_are_refused(tmp_path: Path) -> None:
    one = {"image_id": 900, "category_id": 1, "segmentation": _RLE}
    with pytest.raises(ProjectError, match=r"frame 7: there are two masks of object 1; give each thing a track_id"):
        list(import_coco(_coco_file(tmp_path / "c.json", annotations=[one, one])))


def test_coco_of_another_film_is_refused(tmp_path: Path) -> None:
    path = _coco_file(tmp_path / "c.json")
    with pytest.raises(ProjectError, match="the mask is 5x4, but it should be 20x10"):
        import_coco(path, size=(10, 20))
    with pytest.raises(ProjectError, match="there is no frame 7 in a film of 5 frames"):
        import_coco(path, frame_count=5)


@pytest.mark.parametrize(
    "text", ["", "[]", "no json", '{"images": [', '{"images": [{}', '{"a": 1 "b": 2}', "{}", '{"a": ' + "[" * 9999]
)
def test_what_is_no_coco_file_is_an_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(ProjectError, match=r"c\.json"):
        import_coco(path)
    with pytest.raises(ProjectError, match="cannot be read"):
        import_coco(tmp_path / "gone.json")
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ProjectError, match="no JSON"):
        import_coco(path)
