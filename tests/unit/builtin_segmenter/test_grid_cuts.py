"""The minimum cut against exhaustive search and against scipy's maximum flow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import maximum_flow

from videdit.errors import ShapeError
from videdit_plugins.builtin.maxflow import LIMIT, LINK_STEPS, nested_cuts


def neighbours(shape):
    """Yield for each link its plane and its two pixels."""
    height, width = shape
    for plane, (down, right) in enumerate(LINK_STEPS):
        for y, x in itertools.product(range(height), range(width)):
            if 0 <= y + down < height and 0 <= x + right < width:
                yield plane, (y, x), (y + down, x + right)


def energy(mask, unary, links):
    cost = -float(unary[mask].sum())
    return cost + sum(float(links[(plane, *a)]) for plane, a, b in neighbours(mask.shape) if mask[a] != mask[b])


def smallest_minimum(unary, links):
    """Return the least energy and, of the masks that reach it, the smallest, by trying every mask."""
    masks = (np.array(bits, bool).reshape(unary.shape) for bits in itertools.product((0, 1), repeat=unary.size))
    return min(((energy(mask, unary, links), int(mask.sum()), mask) for mask in masks), key=lambda found: found[:2])


sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))
problems = sizes.flatmap(
    lambda size: st.tuples(
        arrays.arrays(np.int8, size, elements=st.integers(-6, 6)),
        arrays.arrays(np.int8, (4, *size), elements=st.integers(0, 4)),
    )
)


@given(problems)
@settings(max_examples=60, deadline=None)
def test_cuts_are_the_smallest_minima_for_every_bias(problem):
    unary, links = (part.astype(float) for part in problem)
    biases = (-1.5, 0.0, 0.0, 2.0)

    for bias, mask in zip(biases, nested_cuts(unary, links, biases), strict=True):
        least, _, smallest = smallest_minimum(unary + bias, links)
        assert energy(mask, unary + bias, links) == least
        assert np.array_equal(mask, smallest)


def test_the_largest_costs_fit():
    unary = np.full((3, 5), LIMIT)
    unary[1, 2], unary[:, 4] = -LIMIT, -LIMIT
    links = np.full((4, 3, 5), LIMIT)
    links[:, 1, 3] = 0
    (mask,) = nested_cuts(unary, links)
    least, _, smallest = smallest_minimum(unary, links)
    assert energy(mask, unary, links) == least
    assert np.array_equal(mask, smallest)


@pytest.mark.parametrize("seed", range(4))
def test_energy_equals_scipys_maximum_flow(seed):
    random = np.random.default_rng(seed)
    shape = (17, 23)
    unary = random.integers(-40, 41, shape).astype(float)
    links = random.integers(0, 25, (4, *shape)).astype(float)

    (mask,) = nested_cuts(unary, links)

    number = np.arange(unary.size).reshape(shape)
    source, sink = unary.size, unary.size + 1
    rows, columns, values = [], [], []
    for plane, a, b in neighbours(shape):
        rows += [number[a], number[b]]
        columns += [number[b], number[a]]
        values += [links[(plane, *a)]] * 2
    for pixel, gain in zip(number.ravel(), unary.ravel(), strict=True):
        rows.append(source if gain > 0 else pixel)
        columns.append(pixel if gain > 0 else sink)
        values.append(abs(gain))
    graph = coo_matrix((np.array(values, np.int32), (rows, columns)), (sink + 1, sink + 1)).tocsr()
    flow = maximum_flow(graph, source, sink).flow_value
    assert energy(mask, unary, links) == pytest.approx(flow - unary[unary > 0].sum())


def test_masks_grow_with_the_bias_and_equal_cuts_made_alone():
    random = np.random.default_rng(5)
    unary = random.normal(size=(40, 50)).astype(np.float32) * 3
    links = random.random((4, 40, 50)).astype(np.float32) * 2
    biases = (-3.0, -1.0, 0.0, 0.5, 4.0)

    masks = nested_cuts(unary, links, biases)

    assert 0 < masks[0].sum() < masks[-1].sum()
    for smaller, larger in itertools.pairwise(masks):
        assert not (smaller & ~larger).any()
    for bias, mask in zip(biases, masks, strict=True):
        assert np.array_equal(mask, nested_cuts(unary, links, (bias,))[0])


def test_inputs_are_left_alone():
    unary, links = np.ones((4, 5)), np.ones((4, 4, 5))
    unary.flags.writeable = links.flags.writeable = False
    nested_cuts(unary, links, (0.0, 1.0))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match=r"links of a grid \(4, 5\)"):
        nested_cuts(np.zeros((4, 5)), np.zeros((4, 5, 4)))
    with pytest.raises(ShapeError, match="ascend"):
        nested_cuts(np.zeros((4, 5)), np.zeros((4, 4, 5)), (1.0, 0.0))


def test_functions_compile_where_no_cache_can_be_written(monkeypatch):
    import numba

    from videdit_plugins.builtin import maxflow

    real = numba.njit

    def refusing(*arguments, **options):
        if options.get("cache"):

            def no_place(function):
                raise RuntimeError("cannot cache function: no locator available")

            return no_place
        return real(*arguments, **options)

    monkeypatch.setattr(numba, "njit", refusing)
    assert maxflow.compiled(lambda x: x + 1)(2) == 3
