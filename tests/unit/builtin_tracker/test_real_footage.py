"""The built-in tracker on real footage that its network never saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from videdit.evaluation import boundary_f, jaccard
from videdit.evaluation.davis import open_davis
from videdit.media import open_video
from videdit.shots import Shot
from videdit_plugins.builtin.tracker.engine import BuiltinTracker


def test_it_holds_a_real_animal(footage: Path, make_tracker: Callable[..., BuiltinTracker]) -> None:
    sequence = open_davis(footage).sequence("dog", 8, one_object=True)
    tracker = make_tracker()
    with open_video(sequence.folder) as reader:
        tracker.start(reader.shot_frames(Shot(0, len(sequence), "start")), 0, {1: sequence.mask(0, 1)})
        masks = [tracker.step(index)[1].mask for index in range(1, len(sequence))]
    truths = [sequence.mask(index, 1) for index in range(1, len(sequence))]
    assert np.mean([jaccard(one, other) for one, other in zip(masks, truths, strict=True)]) > 0.85
    assert np.mean([boundary_f(one, other) for one, other in zip(masks, truths, strict=True)]) > 0.75
