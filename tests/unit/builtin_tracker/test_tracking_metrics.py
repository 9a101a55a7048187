"""The measures of benchmarks/tracking.py on cases worked out by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[3] / "benchmarks" / "tracking.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("tracking_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def rectangle(y0, y1, x0, x1, size=(100, 100)):
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_jaccard(bench):
    assert bench.jaccard(rectangle(0, 10, 0, 10), rectangle(0, 10, 5, 15)) == pytest.approx(50 / 150)
    nothing = np.zeros((100, 100), bool)
    assert bench.jaccard(nothing, nothing) == 1
    assert bench.jaccard(nothing, rectangle(0, 1, 0, 1)) == 0


def test_outline_lies_half_a_pixel_towards_the_origin(bench):
    mask = np.zeros((4, 4), bool)
    mask[1:3, 1:3] = True
    expected = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], bool)
    assert np.array_equal(bench.boundary(mask), expected)
    assert not bench.boundary(np.ones((4, 4), bool)).any()


def test_last_row_and_column_of_the_outline(bench):
    mask = np.zeros((3, 3), bool)
    mask[2, 2] = True
    assert np.array_equal(bench.boundary(mask), np.array([[0, 0, 0], [0, 1, 1], [0, 1, 0]], bool))


def test_boundary_f_counts_what_lies_within_the_bound(bench):
    # The diagonal of 100 x 100 is 141.4, so outlines may lie ceil(1.13) = 2 pixels apart.
    truth = rectangle(20, 40, 20, 40)
    assert bench.boundary_f(truth, truth) == 1
    assert bench.boundary_f(rectangle(22, 42, 20, 40), truth) == 1
    # Two vertical half planes 3 pixels apart share nothing, 2 pixels apart everything.
    assert bench.boundary_f(rectangle(0, 100, 0, 53), rectangle(0, 100, 0, 50)) == 0
    assert bench.boundary_f(rectangle(0, 100, 0, 52), rectangle(0, 100, 0, 50)) == 1


def test_boundary_f_is_the_harmonic_mean_of_precision_and_recall(bench):
    truth = rectangle(0, 100, 0, 50)
    both = truth | rectangle(0, 100, 80, 100)
    # One of the two outlines of `both` is in the truth: precision 1/2, recall 1.
    assert bench.boundary_f(both, truth) == pytest.approx(2 * 0.5 / 1.5)
    assert bench.boundary_f(truth, both) == pytest.approx(2 * 0.5 / 1.5)


def test_boundary_f_of_empty_masks(bench):
    nothing = np.zeros((100, 100), bool)
    assert bench.boundary_f(nothing, nothing) == 1
    assert bench.boundary_f(nothing, rectangle(20, 40, 20, 40)) == 0
    assert bench.boundary_f(rectangle(20, 40, 20, 40), nothing) == 0


def test_auroc(bench):
    scores = np.array([0.1, 0.4, 0.4, 0.9])
    # Pairs (failed, good): 0.1 < 0.4, 0.1 < 0.9, 0.4 = 0.4, 0.4 < 0.9.
    assert bench.auroc(scores, np.array([True, True, False, False])) == pytest.approx(3.5 / 4)
    assert np.isnan(bench.auroc(scores, np.zeros(4, bool)))


def test_tracker_holds_a_real_animal(bench, footage, make_tracker):
    frames, truths = bench.load(footage / "davis", "camel", 8)
    run = bench.measure(make_tracker(), frames, truths)
    assert run.mean_j > 0.85
    assert run.mean_f > 0.75


def test_first_and_last_frame_do_not_count(bench):
    run = bench.Run(np.array([1.0, 0.5, 0.0]), np.array([0.8, 0.6, 0.0]), np.zeros(3), 1.0)
    assert run.mean_j == pytest.approx(0.75)
    assert run.mean_f == pytest.approx(0.7)
