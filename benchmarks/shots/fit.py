"""Fit the weights of the built-in dissolve detector on the tune half: `python -m benchmarks.shots.fit DATA_DIR`.

Logistic regression. Prints what to write into
`videdit_plugins/builtin/shots/dissolves.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.shots.films import Film, films
from benchmarks.shots.footage import Footage
from videdit_plugins.builtin.shots.dissolves import HALF_LENGTHS, signs_at
from videdit_plugins.builtin.shots.reduced import reduce
from videdit_plugins.builtin.shots.window import Window

SHRINKAGE = 0.003
MARGIN_FRAMES = 8
FALSE_ALARM_COST = 5.0
"""All windows without a dissolve weigh so many times what those with one weigh: there are many more in a film."""


def examples(film: Film, footage: Footage) -> tuple[list[NDArray[np.float64]], list[bool]]:
    """Return the signs of windows of one film, and which of them are centred on a dissolve."""
    window = Window(film.frame_count)
    for frame in film.frames(footage):
        window.append(reduce(frame))
    broken = np.zeros(film.frame_count, bool)
    mixed = np.zeros(film.frame_count, bool)
    centres: set[int] = set()
    for change in film.changes:
        if change.kind.endswith("dissolve"):
            mixed[max(0, change.start - MARGIN_FRAMES) : change.stop + MARGIN_FRAMES] = True
            middle = (change.start + change.stop) // 2
            centres.update((middle - 1, middle, middle + 1))
        else:
            broken[change.start - 2 : max(change.start + 1, change.stop + 2)] = True
    signs, truth = [], []
    for half in HALF_LENGTHS:
        for number in range(half, film.frame_count - half):
            is_dissolve = number in centres
            if broken[number - half : number + half + 1].any() or (mixed[number] and not is_dissolve):
                continue
            # Neighbouring windows tell the same: every third is enough of those that are none.
            if is_dissolve or number % 3 == 0:
                signs.append(signs_at(window, number, half))
                truth.append(is_dissolve)
    return signs, truth


def main() -> None:
    """Run the fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    footage = Footage(parser.parse_args().data_dir)
    signs: list[NDArray[np.float64]] = []
    truth: list[bool] = []
    for film in films("tune", footage):
        more = examples(film, footage)
        signs += more[0]
        truth += more[1]
    values, wanted = np.array(signs), np.array(truth, float)
    mean, spread = values.mean(axis=0), values.std(axis=0)
    scaled = np.column_stack([(values - mean) / spread, np.ones(len(values))])
    weights = np.where(wanted > 0, 1 / wanted.sum(), FALSE_ALARM_COST / (1 - wanted).sum())

    def loss(factors: NDArray[np.float64]) -> float:
        odds = scaled @ factors
        return float((weights * (np.logaddexp(0, odds) - wanted * odds)).sum() + SHRINKAGE * (factors[:-1] ** 2).sum())

    factors = minimize(loss, np.zeros(scaled.shape[1])).x
    plain = factors[:-1] / spread
    print(f"{int(wanted.sum())} windows of dissolves, {int((1 - wanted).sum())} others")
    print("WEIGHTS =", np.round(plain, 2).tolist())
    print("BIAS =", round(float(factors[-1] - plain @ mean), 2))


if __name__ == "__main__":
    main()
