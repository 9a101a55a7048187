"""XMem's memory: comparing, reading, condensing, forgetting."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videdit_plugins.xmem.aggregation import aggregate, strongest
from videdit_plugins.xmem.memory.condensing import condense, forget_unused
from videdit_plugins.xmem.memory.elements import Elements, joined, new_elements
from videdit_plugins.xmem.memory.group import Group, Limits
from videdit_plugins.xmem.memory.reading import portions, read, similarity

CELLS = 6
LIMITS = Limits(max_working=5, min_working=3, prototypes=4, max_long=10, max_permanent=3, top_k=5)


def elements(count: int, objects: int = 2, seed: int = 0) -> Elements:
    draw = torch.Generator().manual_seed(seed)
    return Elements(
        torch.randn(count, 4, generator=draw),
        1 + torch.rand(count, generator=draw),
        torch.rand(count, 4, generator=draw),
        torch.randn(count, objects, 3, generator=draw),
        torch.rand(count, objects, generator=draw),
        torch.rand(count, generator=draw),
        torch.ones(count),
    )


def frame(number: int, objects: int = 1) -> Elements:
    """A frame whose values say which frame they belong to, and so do its keys."""
    key = torch.full((1, 4, 1, CELLS), float(number)) + torch.arange(CELLS) / 100
    value = torch.full((objects, 3, 1, CELLS), float(number))
    inside = torch.ones(objects, 1, CELLS)
    return new_elements(key, torch.ones(1, 1, 1, CELLS), torch.ones(1, 4, 1, CELLS), value, inside)


def test_similarity_is_the_weighted_distance() -> None:
    known, asked = elements(7), elements(5, seed=1)
    found = similarity(known.key, known.shrinkage, asked.key, asked.selection)
    distance = (known.key[None] - asked.key[:, None]) ** 2 * asked.selection[:, None]
    assert torch.allclose(found, -known.shrinkage * distance.sum(2) / 2, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 2000))
def test_reading_in_portions_changes_nothing(count: int, top_k: int, matrix_bytes: int) -> None:
    known, asked = elements(count), elements(11, seed=1)
    whole = read(known, asked.key, asked.selection, top_k=top_k, matrix_bytes=1 << 20)
    parts = read(known, asked.key, asked.selection, top_k=top_k, matrix_bytes=matrix_bytes)
    for one, other in zip(whole, parts, strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    assert float(whole.usage.sum()) == pytest.approx(11, rel=1e-4)


def test_no_matrix_is_larger_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    monkeypatch.setattr(
        "videdit_plugins.xmem.memory.reading.similarity",
        lambda *given: sizes.append((made := similarity(*given)).numel() * 4) or made,
    )
    known, asked = elements(50), elements(40, seed=1)
    read(known, asked.key, asked.selection, top_k=5, matrix_bytes=1000)
    assert max(sizes) <= 1000
    assert len(sizes) == 8


def test_condensing_in_portions_changes_nothing() -> None:
    whole, parts = (condense(elements(60), 20, matrix_bytes) for matrix_bytes in (1 << 20, 700))
    for field in dataclasses.fields(Elements):
        assert torch.allclose(getattr(whole, field.name), getattr(parts, field.name), atol=1e-6)


def test_portions_are_of_the_budget_and_cover_all() -> None:
    assert portions(10, 5, 60) == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12)]
    assert portions(2, 1000, 1) == [slice(0, 1), slice(1, 2)]


def test_only_the_most_similar_count() -> None:
    known, asked = elements(20), elements(3, seed=1)
    answer = read(known, asked.key, asked.selection, top_k=4, matrix_bytes=1 << 20)
    every = similarity(known.key, known.shrinkage, asked.key, asked.selection)
    best, at = every.topk(4, dim=1)
    weights = torch.softmax(best, 1)
    assert torch.allclose(answer.value, (weights[..., None, None] * known.value[at]).sum(1), atol=1e-6)
    assert torch.allclose(answer.concentration, (weights**2).sum(1))


def test_far_keys_still_answer() -> None:
    known = elements(20)
    answer = read(known, known.key + 1000, torch.ones(20, 4), top_k=4, matrix_bytes=1 << 20)
    assert torch.isfinite(answer.value).all()


def test_a_prototype_alone_is_the_mean_around_its_key() -> None:
    close = dataclasses.replace(elements(9), key=torch.zeros(9, 4), shrinkage=torch.full((9,), 2.0))
    made = condense(close, 1, 1 << 20)
    assert len(made) == 1
    assert torch.allclose(made.value[0], close.value.mean(0), atol=1e-6)
    assert made.shrinkage.item() == pytest.approx(2)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(0, 30))
def test_forgetting_keeps_the_most_used_and_exactly_so_many(usage: list[int], keep: int) -> None:
    known = dataclasses.replace(elements(len(usage)), usage=torch.tensor(usage, dtype=torch.float32))
    kept = forget_unused(known, keep)
    assert sorted(kept.usage.tolist()) == sorted(usage)[max(0, len(usage) - keep) :]


def test_memory_is_flat_and_the_first_frame_stays() -> None:
    group = Group.begin([1], 0, frame(0))
    sizes = []
    for number in range(1, 80):
        group.remember(frame(number), LIMITS)
        group.read(frame(number).key, frame(number).selection, LIMITS)
        sizes.append(len(group.elements))
        assert torch.equal(group.elements.value[:CELLS], frame(0).value)
        assert group.working_frames < LIMITS.max_working - 1
        assert group.long <= LIMITS.max_long
    assert max(sizes[40:]) == max(sizes) <= CELLS * (LIMITS.max_working - 1) + LIMITS.max_long


def test_whole_frames_keep_their_own_values_whenever_the_group_began() -> None:
    for first in range(12):
        group = Group.begin([1], first, frame(first))
        for number in range(first + 1, first + 30):
            group.remember(frame(number), LIMITS)
            group.read(frame(number).key, frame(number).selection, LIMITS)
            whole = [group.elements.part(0, CELLS), group.elements.part(CELLS + group.long, len(group.elements))]
            for part in whole:
                assert torch.equal(part.key[:, 0].round(), part.value[:, 0, 0])
        condensed = group.elements.part(CELLS, CELLS + group.long)
        # Keys of frames lie one apart, so what is condensed comes mostly from the key's own frame.
        assert ((condensed.key[:, 0] - condensed.value[:, 0, 0]).abs() < 1).all()


def test_without_long_term_memory_the_oldest_are_dropped() -> None:
    group = Group.begin([1], 0, frame(0))
    for number in range(1, 20):
        group.remember(frame(number), dataclasses.replace(LIMITS, long_term=False))
    assert group.long == 0
    assert group.elements.value[CELLS:, 0, 0].min() >= 15


def test_kept_frames_stay_are_replaced_and_are_bounded() -> None:
    group = Group.begin([1], 0, frame(0))
    assert group.keep(50, frame(50), LIMITS)
    assert group.keep(60, frame(60), LIMITS)
    assert not group.keep(70, frame(70), LIMITS)
    assert group.keep(50, frame(55), LIMITS)
    for number in range(1, 40):
        group.remember(frame(number), LIMITS)
    assert group.permanent == [0, 50, 60]
    assert group.elements.value[: 3 * CELLS : CELLS, 0, 0].tolist() == [0, 55, 60]


def test_splitting_gives_each_its_own_values_and_counts() -> None:
    group = Group.begin([7, 8, 9], 0, elements(6, objects=3))
    part = group.split([9, 7])
    assert part.objects == [9, 7]
    assert torch.equal(part.elements.value, group.elements.value[:, [2, 0]])
    before = group.elements.usage.clone()
    part.read(group.elements.key, group.elements.selection, LIMITS)
    assert torch.equal(group.elements.usage, before)


def test_joined_is_in_order() -> None:
    both = joined([elements(2), elements(3, seed=1)])
    assert torch.equal(both.key, torch.cat([elements(2).key, elements(3, seed=1).key]))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_aggregation_adds_up_and_keeps_the_order(own: list[float]) -> None:
    joint = torch.softmax(aggregate(torch.tensor(own)[:, None, None]), 0)[:, 0, 0]
    assert float(joint.sum()) == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(joint).all()
    assert joint[1 + own.index(max(own))] == joint[1:].max()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(0, 3))
def test_the_strongest_is_what_argmax_says(objects: int, levels: int) -> None:
    values = torch.randint(0, levels + 1, (objects, 9, 7), generator=torch.Generator().manual_seed(objects))
    assert torch.equal(strongest(values.float()), values.argmax(dim=0))


def test_support_is_the_weight_of_what_lay_on_the_object() -> None:
    """Two places of memory are alike; one was the object, the other beside it: the answer is torn between them."""
    key = torch.tensor([[0.0, 0], [0, 0], [50, 0], [0, 50]])
    inside = torch.tensor([[1.0, 0], [0, 0], [0.25, 0.75], [0, 1]])
    known = Elements(key, torch.ones(4), torch.ones(4, 2), torch.zeros(4, 2, 3), inside, torch.zeros(4), torch.ones(4))
    answer = read(known, key[1:], torch.ones(3, 2), top_k=2, matrix_bytes=1 << 20)
    assert torch.allclose(answer.support, torch.tensor([[0.5, 0], [0.25, 0.75], [0, 1]]), atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 40))
def test_support_stays_a_share_through_condensing(count: int, top_k: int, prototypes: int) -> None:
    made = condense(elements(count), prototypes, 1 << 20)
    answer = read(made, elements(11, seed=1).key, torch.ones(11, 4), top_k=top_k, matrix_bytes=1 << 20)
    assert answer.support.min() >= 0
    assert answer.support.max() <= 1 + 1e-5
