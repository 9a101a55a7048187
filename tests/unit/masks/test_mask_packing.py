"""PackedMask, MaskEntry and LabelMap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from videdit.errors import ProjectError, ShapeError
from videdit.frames import Region
from videdit.masks import LabelMap, MaskEntry, PackedMask

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
masks = sizes.flatmap(lambda size: hnp.arrays(np.bool_, size))


@given(masks)
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    packed = PackedMask.pack(mask)
    assert np.array_equal(packed.mask(), mask)
    assert np.array_equal(packed.crop(), mask[packed.region.slices])
    assert packed.area_px == mask.sum()
    assert packed.empty == (not mask.any())


@given(masks)
def test_equal_masks_are_equal_bytes_however_they_lie_in_memory(mask: np.ndarray) -> None:
    wide = np.zeros((mask.shape[0] * 2, mask.shape[1] * 3), dtype=bool)
    wide[::2, ::3] = mask
    assert PackedMask.pack(np.asfortranarray(mask)) == PackedMask.pack(mask) == PackedMask.pack(wide[::2, ::3])


def test_the_region_is_the_bounding_box() -> None:
    mask = np.zeros((9, 11), dtype=bool)
    mask[2, 3] = mask[7, 10] = True
    assert PackedMask.pack(mask).region == Region(3, 2, 11, 8)


def test_an_absent_object_packs_like_an_empty_mask() -> None:
    assert PackedMask.absent((5, 7)) == PackedMask.pack(np.zeros((5, 7), dtype=bool))


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 1), bool)])
def test_what_is_no_mask_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="a mask is"):
        PackedMask.pack(array)


@pytest.mark.parametrize("bits", [b"nonsense", b""])
def test_damaged_bits_are_an_error_and_not_a_mask(bits: bytes) -> None:
    with pytest.raises(ProjectError, match="damaged"):
        PackedMask((8, 8), Region(0, 0, 4, 4), bits, 16).mask()


@given(masks, st.data())
def test_adding_masks_up_is_their_union(mask: np.ndarray, data: st.DataObject) -> None:
    other = data.draw(hnp.arrays(np.bool_, mask.shape))
    union = other.copy()
    PackedMask.pack(mask).add_to(union)
    assert np.array_equal(union, mask | other)


@pytest.mark.parametrize(
    ("object_id", "index", "score", "origin", "complaint"),
    [
        (0, 0, 1.0, "tracked", "object id 0"),
        (65536, 0, 1.0, "tracked", "object id 65536"),
        (1, -1, 1.0, "tracked", "-1 is no frame number"),
        (1, 20261121085616123, 1.0, "tracked", "20261121085616123 is no frame number"),
        (1, 0, float("nan"), "tracked", "nan"),
        (1, 0, 1.0, "guessed", "'guessed' is no origin"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(
    object_id: int, index: int, score: float, origin: str, complaint: str
) -> None:
    with pytest.raises(ProjectError, match=complaint):
        MaskEntry(object_id, index, PackedMask.absent((2, 2)), score, origin)  # type: ignore[arg-type]


def _squares() -> dict[int, PackedMask]:
    left, right = np.zeros((2, 6), dtype=bool), np.zeros((2, 6), dtype=bool)
    left[:, :4] = True
    right[:, 2:] = True
    return {7: PackedMask.pack(left), 65535: PackedMask.pack(right)}


def test_the_later_object_in_the_order_wins() -> None:
    masks = _squares()
    assert LabelMap.of(masks, (2, 6)).labels[0].tolist() == [7, 7, 65535, 65535, 65535, 65535]
    assert LabelMap.of(masks, (2, 6), order=[65535, 7]).labels[0].tolist() == [7, 7, 7, 7, 65535, 65535]
    # An object that the order does not name lies beneath those it does.
    assert LabelMap.of(masks, (2, 6), order=[7]).labels[0].tolist() == [7, 7, 7, 7, 65535, 65535]


def test_a_label_map_counts_what_it_hides() -> None:
    assert LabelMap.of(_squares(), (2, 6)).hidden_px == 4
    assert LabelMap.of({}, (2, 6)).hidden_px == 0


@given(hnp.arrays(np.uint16, sizes, elements=st.sampled_from([0, 0, 1, 2, 256, 65535])))
def test_a_label_map_is_its_masks(labels: np.ndarray) -> None:
    size = (labels.shape[0], labels.shape[1])
    there = LabelMap(labels)
    assert np.array_equal(LabelMap.of(there.masks(), size).labels, labels)
    assert there.object_ids == sorted(set(labels.ravel().tolist()) - {0})


def test_a_label_map_of_another_kind_is_refused() -> None:
    with pytest.raises(ShapeError, match="uint16"):
        LabelMap(np.zeros((2, 2), dtype=np.uint8))  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="object 7"):
        LabelMap.of(_squares(), (3, 6))
