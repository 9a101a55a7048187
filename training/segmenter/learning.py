"""One step of training: a batch of scenes, four answers to each, every one corrected by a click on its worst error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from training.material import SegmentedPicture
from training.segmenter.questions import Conversation
from training.segmenter.scenes import make_scene
from videdit_plugins.builtin.segmenter.network import Corrector

ANSWERS = 4
WARM_UP_STEPS = 100
FALL = 0.5
DECAY = 0.01
AVERAGE = 0.998
WRONG = 2.0
"""Weight on top of 1 of a pixel that the answer has wrong."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one training.

    The learning rate rises over 100 steps, stays, and from FALL of the steps on falls along a cosine to zero. Until
    then a training may be resumed with another number of steps, and is the same as if it had always been that long.
    """

    steps: int
    batch: int
    rate: float
    seed: int
    device: str


class Learning:
    """A network on its way."""

    def __init__(self, pictures: Sequence[SegmentedPicture], settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.step = 0
        self._pictures = pictures
        self._network = Corrector().to(settings.device, memory_format=torch.channels_last)
        self._average = Corrector().to(settings.device)
        self._average.load_state_dict(self._network.state_dict())
        self._optimizer = torch.optim.AdamW(self._network.parameters(), lr=settings.rate, weight_decay=DECAY)

    def advance(self) -> tuple[float, ...]:
        """Make one batch of scenes and learn from each of the answers. Return the mean loss, and the IoU of each."""
        random = np.random.default_rng([self.settings.seed, self.step])
        talks = [Conversation(make_scene(self._pictures, random), random) for _ in range(self.settings.batch)]
        truth = torch.from_numpy(np.stack([talk.scene.truth for talk in talks])).to(self.settings.device).float()
        losses, overlaps = [], []
        self._network.train()
        for number in range(ANSWERS):
            shown = torch.from_numpy(np.stack([talk.question() for talk in talks])).to(self.settings.device)
            answer = self._network(shown.contiguous(memory_format=torch.channels_last))[:, 0]
            loss = loss_of(answer, truth)
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            for group in self._optimizer.param_groups:
                group["lr"] = self.settings.rate * self._share(number)
            self._optimizer.step()
            self._keep_average()
            losses.append(float(loss.detach()))
            overlaps.append(float(soft_overlap((answer.detach() > 0).float(), truth).mean()))
            if number + 1 < ANSWERS:
                for talk, one in zip(talks, answer.detach().cpu().numpy(), strict=True):
                    talk.answered(one)
        self.step += 1
        return (float(np.mean(losses)), *overlaps)

    def _share(self, number: int) -> float:
        done = (self.step + number / ANSWERS) / self.settings.steps
        fallen = max(0.0, done - FALL) / (1 - FALL)
        return min(1.0, (self.step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * fallen))

    def _keep_average(self) -> None:
        # Young averages forget their beginning faster.
        keep = min(AVERAGE, (1 + ANSWERS * self.step) / (10 + ANSWERS * self.step))
        now = self._network.state_dict()
        with torch.no_grad():
            for name, value in self._average.state_dict().items():
                if value.is_floating_point():
                    value.lerp_(now[name], 1 - keep)
                else:
                    value.copy_(now[name])

    def state(self) -> dict[str, Any]:
        """Return everything that goes on with the training."""
        return {
            "step": self.step,
            "steps": self.settings.steps,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what `state` returned. Raises ValueError when another length would have had another beginning."""
        least = min(state["steps"], self.settings.steps)
        if state["steps"] != self.settings.steps and state["step"] > FALL * least:
            raise ValueError(f"this folder holds a training of {state['steps']} steps, not {self.settings.steps}")
        self.step = state["step"]
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])

    def export(self, path: Path) -> None:
        """Write the averaged weights as half-precision safetensors."""
        tensors = {
            name: value.half().contiguous() if value.is_floating_point() else value
            for name, value in self._average.state_dict().items()
        }
        save_file(tensors, path, metadata={"step": str(self.step), "seed": str(self.settings.seed)})


def loss_of(answer: Tensor, truth: Tensor) -> Tensor:
    """Return cross entropy, heavier where the answer is wrong, plus one less the soft IoU.

    answer: (N, H, W) float32 log-odds
    truth:  (N, H, W) float32, 0 or 1
    """
    each = functional.binary_cross_entropy_with_logits(answer, truth, reduction="none")
    with torch.no_grad():
        weight = 1 + WRONG * ((answer > 0).float() != truth).float()
        weight = weight / weight.mean()
    return (weight * each).mean() + (1 - soft_overlap(answer.sigmoid(), truth)).mean()


def soft_overlap(likely: Tensor, truth: Tensor) -> Tensor:
    """Return (N,) the expected intersection over the expected union of (N, H, W) each."""
    both = (likely * truth).sum((1, 2))
    return (both + 1) / ((likely + truth).sum((1, 2)) - both + 1)
