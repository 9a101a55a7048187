"""Geodesic distances against Dijkstra's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from videdit_plugins.builtin.segmenter.geodesic import FAR, geodesic_distance

STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


def by_dijkstra(start, features):
    height, width = start.shape
    number = np.arange(start.size).reshape(start.shape)
    rows, columns, values = [], [], []
    for down, right in STEPS:
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        cost = np.linalg.norm(features[here] - features[there], axis=2) + np.hypot(down, right)
        rows.append(number[here].ravel())
        columns.append(number[there].ravel())
        values.append(cost.ravel())
    parts = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    graph = coo_matrix(parts, (start.size, start.size)).tocsr()
    return dijkstra(graph, directed=False, indices=number[start]).min(axis=0).reshape(start.shape)


@pytest.mark.parametrize("seed", range(3))
def test_distances_equal_dijkstras(seed):
    random = np.random.default_rng(seed)
    features = (random.normal(size=(19, 27, 3)) * 4).astype(np.float32)
    start = random.random((19, 27)) < 0.01
    start[3, 4] = True
    assert np.allclose(geodesic_distance(start, features), by_dijkstra(start, features), rtol=1e-5)


def test_a_wall_with_a_gap_is_walked_round():
    features = np.zeros((9, 9, 1), np.float32)
    features[:8, 4] = 1000
    start = np.zeros((9, 9), bool)
    start[0, 0] = True
    distance = geodesic_distance(start, features)
    assert distance[0, 8] > 2 * 8
    assert distance[0, 8] < 100


def test_nothing_to_start_from_is_far_everywhere():
    assert (geodesic_distance(np.zeros((4, 5), bool), np.zeros((4, 5, 2), np.float32)) == FAR).all()
