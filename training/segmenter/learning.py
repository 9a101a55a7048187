"""A network on its way: one step from questions and truths, its average over the steps, and its state on disk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from training.whole import write_whole
from videdit_plugins.builtin.segmenter.network import Corrector

WARM_UP_STEPS = 400
"""Steps over which the rate rises, one a batch of questions."""
FALL = 0.5
DECAY = 0.01
AVERAGE = 0.998
WRONG = 2.0
"""Weight on top of 1 of a pixel that the answer has wrong."""
JUDGING = 0.1
"""Weight of the loss of what the network thinks its answer is worth."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one training.

    steps:   batches of scenes; of a training by the clock there is no such number, and it is 0
    batch:   scenes at a time; of a training by the clock questions at a time
    rate:    highest learning rate
    average: share of the averaged weights that one more step leaves of them
    """

    steps: int
    batch: int
    rate: float
    seed: int
    device: str
    average: float = AVERAGE


class Learning:
    """The network, its optimizer, its average, and how many batches of questions it has seen."""

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.seen = 0
        self._network = Corrector().to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Corrector().to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average.load_state_dict(self._network.state_dict())
        self.average.eval()
        self._optimizer = torch.optim.AdamW(self._network.parameters(), lr=settings.rate, weight_decay=DECAY)

    def learn(self, shown: Tensor, truth: Tensor, done: float) -> tuple[Tensor, Tensor]:
        """Take one step. Return the loss, a number, and the answer before the step, (N, H, W) log-odds.

        shown: (N, COUNT, H, W) float32
        truth: (N, H, W) float32, 0 or 1
        done:  share of the training that lies behind
        """
        self._network.train()
        with torch.autocast("cuda", torch.bfloat16, enabled=shown.is_cuda):
            answer, worth = self._network(shown.contiguous(memory_format=torch.channels_last))
        answer = answer[:, 0]
        loss = loss_of(answer, truth) + JUDGING * judging_loss(worth, answer, truth)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = self.settings.rate * self._share(done)
        self._optimizer.step()
        self._keep_average()
        self.seen += 1
        return loss.detach(), answer.detach()

    def _share(self, done: float) -> float:
        fallen = min(1.0, max(0.0, done - FALL) / (1 - FALL))
        return min(1.0, (self.seen + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * fallen))

    @torch.no_grad()
    def _keep_average(self) -> None:
        # Young averages forget their beginning faster.
        keep = min(self.settings.average, (1 + self.seen) / (10 + self.seen))
        kept, now = self.average.state_dict(), self._network.state_dict()
        floats = [name for name, value in kept.items() if value.is_floating_point()]
        torch._foreach_lerp_([kept[name] for name in floats], [now[name] for name in floats], 1 - keep)
        for name in kept.keys() - set(floats):
            kept[name].copy_(now[name])

    def state(self) -> dict[str, Any]:
        """Return everything that goes on with the training."""
        return {
            "seen": self.seen,
            "network": self._network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what `state` returned."""
        self.seen = state["seen"]
        self._network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])

    def save(self, folder: Path, **more: Any) -> None:
        """Write the state, with what else is given, and the averaged weights as half-precision safetensors."""
        write_whole(folder / "state.pt", lambda path: torch.save(self.state() | more, path))
        tensors = {
            name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
            for name, value in self.average.state_dict().items()
        }
        told = {"batches": str(self.seen), "seed": str(self.settings.seed)}
        write_whole(folder / "segmenter.safetensors", lambda path: save_file(tensors, path, metadata=told))


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


def judging_loss(worth: Tensor, answer: Tensor, truth: Tensor) -> Tensor:
    """Return the cross entropy between what the answer is thought to be worth, (N,) log-odds, and its true IoU."""
    return functional.binary_cross_entropy_with_logits(worth, soft_overlap((answer.detach() > 0).float(), truth))


def soft_overlap(likely: Tensor, truth: Tensor) -> Tensor:
    """Return (N,) the expected intersection over the expected union of (N, H, W) each."""
    both = (likely * truth).sum((1, 2))
    return (both + 1) / ((likely + truth).sum((1, 2)) - both + 1)
