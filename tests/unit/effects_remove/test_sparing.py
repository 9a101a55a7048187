"""Holes end where another object begins."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from videdit.filler import MasksAmongOthers, ProbableMasks
from videdit_plugins.remove.sparing import Sparing

SIZE = (6, 9)


class Likely(list[Any]):
    def probability(self, index: int) -> Any:
        return np.full(SIZE, 0.1 * index, np.float32)


@given(arrays(np.bool_, SIZE), arrays(np.int32, SIZE, elements=st.sampled_from([0, 0, 3, 70000])))
def test_holes_have_no_pixel_of_another_object_and_all_others(hole: Any, labels: Any) -> None:
    sparing = Sparing([hole], [labels])
    assert not (sparing[0] & (labels > 0)).any()
    assert np.array_equal(sparing[0] | (hole & (labels > 0)), hole)
    assert np.array_equal(sparing.others(0), labels)


def test_they_tell_what_the_masks_tell() -> None:
    masks, labels = [np.ones(SIZE, np.bool_)] * 3, [np.zeros(SIZE, np.int32)] * 3
    silent, telling = Sparing(masks, labels), Sparing(Likely(masks), labels)
    assert isinstance(telling, ProbableMasks)
    assert isinstance(telling, MasksAmongOthers)
    assert silent.probability(2) is None
    told = telling.probability(2)
    assert told is not None
    assert (told == np.float32(0.2)).all()
