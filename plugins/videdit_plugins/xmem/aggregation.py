"""Make the probabilities of objects that know nothing of each other add up to one."""

from __future__ import annotations

import torch
from torch import Tensor

MARGIN = 1e-7


def aggregate(probability: Tensor) -> Tensor:
    """Return logits (objects + 1, H, W) of background and objects, whose softmax are the joint probabilities.

    probability: (objects, H, W) in [0, 1], each object's own; the background is what no object claims

    Source: Oh et al., "Video Object Segmentation using Space-Time Memory Networks", ICCV 2019, soft aggregation.
    """
    background = torch.prod(1 - probability, dim=0, keepdim=True)
    every = torch.cat([background, probability]).clamp(MARGIN, 1 - MARGIN)
    return torch.log(every / (1 - every))


def strongest(probability: Tensor) -> Tensor:
    """Return (H, W) int64, the first of the largest along the first axis of (N, H, W): what argmax says, but sooner.

    PyTorch's own takes a tenth of a second of a processor for a picture of 480 lines where the axis is short and comes
    first.
    """
    if probability.is_cuda:
        return probability.argmax(dim=0)
    best, winner = probability[0], torch.zeros_like(probability[0], dtype=torch.int64)
    for column in range(1, len(probability)):
        higher = probability[column] > best
        best = torch.where(higher, probability[column], best)
        winner = torch.where(higher, column, winner)
    return winner
