"""Training in one process, the same on every run: a batch of scenes, four answers to each, then the next batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.material import Film, SegmentedPicture
from training.segmenter.learning import FALL, Learning, Settings, soft_overlap
from training.segmenter.questions import Conversation
from training.segmenter.talkers import some_scene

ANSWERS = 4


class Stepwise:
    """A training whose every step draws from a generator of its own.

    The learning rate rises, stays, and from FALL of the steps on falls along a cosine to zero. Until then a training
    may be resumed with another number of steps, and is the same as if it had always been that long.
    """

    def __init__(self, pictures: Sequence[SegmentedPicture], settings: Settings, films: Sequence[Film] = ()) -> None:
        self.learning = Learning(settings)
        self.settings = settings
        self.step = 0
        self._pictures, self._films = pictures, films

    def advance(self) -> tuple[float, ...]:
        """Make one batch of scenes and learn from each of the answers. Return the mean loss, and the IoU of each."""
        random = np.random.default_rng([self.settings.seed, self.step])
        talks = [
            Conversation(some_scene(self._pictures, self._films, random), random) for _ in range(self.settings.batch)
        ]
        losses, overlaps = [], []
        for number in range(ANSWERS):
            shown = torch.from_numpy(np.stack([talk.question() for talk in talks])).to(self.settings.device)
            truth = torch.from_numpy(np.stack([talk.truth() for talk in talks])).to(self.settings.device).float()
            loss, answer = self.learning.learn(shown, truth, (self.step + number / ANSWERS) / self.settings.steps)
            losses.append(float(loss))
            overlaps.append(float(soft_overlap((answer > 0).float(), truth).mean()))
            if number + 1 < ANSWERS:
                for talk, one in zip(talks, (answer > 0).cpu().numpy(), strict=True):
                    talk.answered(one)
        self.step += 1
        return (float(np.mean(losses)), *overlaps)

    def save(self, folder: Path) -> None:
        """Write the state and the weights."""
        self.learning.save(folder, step=self.step, steps=self.settings.steps)

    def load(self, state: dict[str, Any]) -> None:
        """Take up what was saved. Raises ValueError when another length would have had another beginning."""
        least = min(state["steps"], self.settings.steps)
        if state["steps"] != self.settings.steps and state["step"] > FALL * least:
            raise ValueError(f"this folder holds a training of {state['steps']} steps, not {self.settings.steps}")
        self.step = state["step"]
        self.learning.load(state)


def train(training: Stepwise, out: Path) -> None:
    """Go on from what is in `out` to the last step; a line every 50 steps, the state every 100."""
    out.mkdir(parents=True, exist_ok=True)
    state = out / "state.pt"
    if state.exists():
        training.load(torch.load(state, weights_only=True, map_location=training.settings.device))
        print(f"goes on at step {training.step}", flush=True)
    total, begun, first = training.settings.steps, time.monotonic(), training.step
    recent: list[tuple[float, ...]] = []
    while training.step < total:
        recent.append(training.advance())
        if training.step % 50 == 0 or training.step == total:
            passed = time.monotonic() - begun
            left = passed / (training.step - first) * (total - training.step)
            means = np.nanmean(np.array(recent), axis=0)
            recent.clear()
            print(
                f"step {training.step}/{total}  loss {means[0]:.4f}  IoU of answers 1 to 4: "
                + " ".join(f"{value:.3f}" for value in means[1:])
                + f"  {passed / 60:.1f} min, {left / 60:.1f} left",
                flush=True,
            )
        if training.step % 100 == 0 or training.step == total:
            training.save(out)
