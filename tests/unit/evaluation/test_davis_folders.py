"""Reading data sets laid out as DAVIS is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videdit.errors import OptionError
from videdit.evaluation.davis import chosen_names, open_davis

Writer = Callable[..., None]


def test_the_root_or_the_folder_that_holds_it(tmp_path: Path, sequence_writer: Writer) -> None:
    sequence_writer(tmp_path / "davis", "ants", seed=1)
    assert open_davis(tmp_path).names == ["ants"]
    assert open_davis(tmp_path / "davis").names == ["ants"]
    with pytest.raises(OptionError, match="JPEGImages"):
        open_davis(tmp_path / "davis" / "JPEGImages")


def test_the_labels_of_2017_and_the_two_values_of_2016(tmp_path: Path, sequence_writer: Writer) -> None:
    sequence_writer(tmp_path, "many", seed=1)
    sequence_writer(tmp_path, "one", seed=1, binary=True)
    davis = open_davis(tmp_path)
    many, one = davis.sequence("many"), davis.sequence("one")
    assert (many.object_ids, one.object_ids) == ([1, 2], [1])
    assert np.array_equal(one.mask(2, 1), many.labels(2) > 0)
    assert np.array_equal(davis.sequence("many", one_object=True).mask(2, 1), many.labels(2) > 0)
    assert many.mask(0, 2)[44:60, 60:76].all()
    assert many.mask(0, 2).sum() == 16 * 16


def test_void_is_background_where_there_are_labels(tmp_path: Path, sequence_writer: Writer) -> None:
    sequence_writer(tmp_path, "many", seed=1)
    path = tmp_path / "Annotations/480p/many/00001.png"
    with Image.open(path) as picture:
        labels, palette = np.array(picture), picture.getpalette()
    labels[:5] = 255
    changed = Image.fromarray(labels)
    assert palette is not None
    changed.putpalette(palette)
    changed.save(path)
    sequence = open_davis(tmp_path).sequence("many")
    assert not sequence.labels(1)[:5].any()
    assert sequence.object_ids == [1, 2]
    assert not open_davis(tmp_path).sequence("many", one_object=True).labels(1)[:5].any()


def test_objects_are_counted_in_the_first_annotation(tmp_path: Path, sequence_writer: Writer) -> None:
    sequence_writer(tmp_path, "many", seed=1)
    path = tmp_path / "Annotations/480p/many/00000.png"
    with Image.open(path) as picture:
        labels = np.array(picture)
    Image.fromarray(np.where(labels == 1, 0, labels)).save(path)
    # Label 2 is the highest, so there are two, though the first is not there yet.
    assert open_davis(tmp_path).sequence("many").object_ids == [1, 2]
    Image.fromarray(np.zeros_like(labels)).save(path)
    with pytest.raises(OptionError, match="no object"):
        _ = open_davis(tmp_path).sequence("many").object_ids


def test_a_limit_and_what_is_missing(tmp_path: Path, sequence_writer: Writer) -> None:
    sequence_writer(tmp_path, "dots", seed=1, truths=3)
    davis = open_davis(tmp_path)
    assert len(davis.sequence("dots", 4)) == 4
    assert not davis.sequence("dots").whole_truth
    assert davis.sequence("dots", 3).whole_truth
    with pytest.raises(OptionError, match="there are: dots"):
        davis.sequence("dogs")


def test_names_come_from_flags_and_lists(davis: Path, tmp_path: Path) -> None:
    data = open_davis(davis)
    assert chosen_names(data, []) == ["ants", "bees"]
    assert chosen_names(data, ["bees,ants", "bees"]) == ["bees", "ants"]
    (tmp_path / "val.txt").write_text("bees\n\n")
    assert chosen_names(data, [str(tmp_path / "val.txt")]) == ["bees"]
    (tmp_path / "2016.txt").write_text(
        "/JPEGImages/480p/ants/00000.jpg /Annotations/480p/ants/00000.png\n"
        "/JPEGImages/480p/ants/00001.jpg /Annotations/480p/ants/00001.png\n"
    )
    assert chosen_names(data, [str(tmp_path / "2016.txt")]) == ["ants"]
    with pytest.raises(OptionError, match="'cats'"):
        chosen_names(data, ["cats"])
