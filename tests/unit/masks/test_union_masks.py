"""UnionMasks: a shot's masks as engines want them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask, UnionMasks
from videdit.shots import Shot

SIZE = (6, 8)


def _mask(object_id: int, index: int) -> np.ndarray:
    return np.random.default_rng([object_id, index]).random(SIZE) < 0.3


@pytest.fixture
def track() -> Iterator[MaskTrack]:
    with MaskTrack.open(IN_MEMORY, size=SIZE) as opened:
        opened.put(
            MaskEntry(object_id, index, PackedMask.pack(_mask(object_id, index)))
            for object_id in (1, 2, 3)
            for index in range(4, 9)
        )
        yield opened


def test_it_is_the_union_of_its_objects(track: MaskTrack) -> None:
    masks = UnionMasks(track, [1, 3], Shot(4, 10))
    assert len(masks) == 6
    for index in range(4, 9):
        assert np.array_equal(masks[index], _mask(1, index) | _mask(3, index))
    assert not masks[9].any()
    everything = _mask(1, 5) | _mask(2, 5) | _mask(3, 5)
    assert np.array_equal(UnionMasks(track, None, Shot(4, 10))[5], everything)


@pytest.mark.parametrize("index", [3, 10, -1])
def test_it_ends_where_the_shot_ends(track: MaskTrack, index: int) -> None:
    with pytest.raises(IndexError, match="outside the shot"):
        UnionMasks(track, [1], Shot(4, 10))[index]


def test_a_mask_cannot_be_changed_by_who_got_it(track: MaskTrack) -> None:
    with pytest.raises(ValueError, match="read-only"):
        UnionMasks(track, [1], Shot(4, 10))[4][0, 0] = True


def test_it_reads_a_frame_once_and_keeps_no_more_than_it_may(track: MaskTrack, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    union = track.union
    monkeypatch.setattr(track, "union", lambda index, ids: (read.append(index), union(index, ids))[1])
    masks = UnionMasks(track, [1], Shot(4, 10), cache_bytes=3 * SIZE[0] * SIZE[1])
    for index in (4, 5, 6, 4, 5, 6):
        masks[index]
    assert read == [4, 5, 6]
    masks[7]  # 4, unused for longest, goes
    masks[5]
    masks[6]
    assert read == [4, 5, 6, 7]
    masks[4]
    assert read == [4, 5, 6, 7, 4]
    assert len(masks._recent) == 3


def test_several_threads_may_read(track: MaskTrack) -> None:
    masks = UnionMasks(track, [2], Shot(4, 10), cache_bytes=1)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: (index, masks[index]), [*range(4, 9)] * 8))
    assert all(np.array_equal(mask, _mask(2, index)) for index, mask in found)
