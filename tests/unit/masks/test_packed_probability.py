"""How likely what lies around a mask is the object's: packed, kept in the track, and brought to old files."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from videdit.errors import ProjectError, ShapeError
from videdit.masks import IN_MEMORY, MaskEntry, MaskTrack, PackedMask, PackedProbability

SIZE = (12, 17)
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
probabilities = sizes.flatmap(lambda size: hnp.arrays(np.float32, size, elements=st.floats(0, 1, width=32)))


def blob(size: tuple[int, int], value: float) -> np.ndarray:
    probability = np.zeros(size, np.float32)
    probability[size[0] // 4 : size[0] // 2, size[1] // 3 : size[1] // 2] = value
    return probability


@given(probabilities)
def test_it_comes_back_in_steps_up_to_an_even_chance(probability: np.ndarray) -> None:
    packed = PackedProbability.pack(probability)
    if packed is None:
        assert probability.max() < 1 / 16
        return
    back = packed.map(probability.shape)
    likely = probability >= 1 / 16
    assert not back[~likely].any()
    assert (np.abs(back - np.minimum(probability, 0.5))[likely] < 1 / 32).all()
    assert PackedProbability.pack(np.asfortranarray(probability)) == packed, "equal maps are equal bytes"


def test_a_large_frame_is_kept_small_and_comes_back_at_its_place() -> None:
    probability = blob((1080, 1920), 0.25)
    packed = PackedProbability.pack(probability)
    assert packed is not None
    assert len(packed.stored) < 2000
    back = packed.map((1080, 1920))
    assert back.shape == probability.shape
    assert ((back > 0.125) == (probability > 0.125)).mean() > 0.999


def test_what_is_no_probability_is_refused() -> None:
    assert PackedProbability.pack(None) is None
    for wrong in (np.zeros((2, 3)), np.zeros((2, 3, 1), np.float32), np.zeros((2, 3), np.bool_)):
        with pytest.raises(ShapeError, match="a probability is"):
            PackedProbability.pack(wrong)


@pytest.mark.parametrize("stored", [b"", b"short", bytes(24), bytes(24) + b"no stream"])
def test_damage_is_told(stored: bytes) -> None:
    with pytest.raises(ProjectError, match="a stored probability is damaged"):
        PackedProbability(stored).map(SIZE)


def entry(probability: np.ndarray | None = None) -> MaskEntry:
    mask = np.zeros(SIZE, np.bool_)
    mask[2:5, 3:9] = True
    return MaskEntry(1, 4, PackedMask.pack(mask), probability=PackedProbability.pack(probability))


def test_the_track_keeps_it_and_tells_tracks_apart_by_it() -> None:
    digests = set()
    for value in (None, 0.25, 0.3):
        with MaskTrack.open(IN_MEMORY, size=SIZE) as track:
            kept = entry(None if value is None else blob(SIZE, value))
            track.put([kept])
            assert track.get(1, 4) == kept
            digests.add(track.digest(1))
    assert len(digests) == 3


def test_a_file_of_the_first_format_is_brought_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with MaskTrack.open(path, size=SIZE) as track:
        track.put([entry()])
        before = track.digest()
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE masks DROP COLUMN probability")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    for _ in range(2):
        with MaskTrack.open(path) as track:
            assert track.get(1, 4) == entry()
            assert track.digest() == before
    with MaskTrack.open(path) as track:
        track.put([replace(entry(), index=5), entry(blob(SIZE, 0.25))])
        assert track.get(1, 4) == entry(blob(SIZE, 0.25))
