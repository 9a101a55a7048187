"""Ask memory: which elements resemble a place of the frame, and what do they say about the objects.

Source: XMem, section 3.3 (anisotropic L2 similarity, top-k softmax).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from videdit_plugins.xmem.memory.elements import Elements

BYTES_PER_NUMBER = 4


class Readout(NamedTuple):
    """What memory answers for Q places.

    value:         (Q, objects, Cv) float32
    support:       (Q, objects) float32 in [0, 1]: weight of the elements that lay on each object; the rest did not
    usage:         (N,) float32, what each element was given by all places together
    concentration: (Q,) float32 in (0, 1]: sum of squared weights; 1 if one element decides alone
    """

    value: Tensor
    support: Tensor
    usage: Tensor
    concentration: Tensor


def similarity(key: Tensor, shrinkage: Tensor, query: Tensor, selection: Tensor) -> Tensor:
    """Return -s * sum_c e_c (k_c - q_c)^2 / sqrt(Ck) for each place and each element, (Q, N).

    key: (N, Ck), shrinkage: (N,); query, selection: (Q, Ck)
    """
    # Multiplied out, all three terms of the square are one product of matrices.
    asked = torch.cat([-selection, 2 * query * selection, -(selection * query**2).sum(1, keepdim=True)], dim=1)
    known = torch.cat([key**2, key, torch.ones_like(key[:, :1])], dim=1)
    scale = shrinkage / key.shape[1] ** 0.5
    return torch.mm(asked, (known * scale[:, None]).T)


def portions(rows: int, columns: int, matrix_bytes: int) -> list[slice]:
    """Part the rows of a float32 matrix so that no part is larger than `matrix_bytes`, of one row at least."""
    at_once = max(1, matrix_bytes // (BYTES_PER_NUMBER * columns))
    return [slice(first, first + at_once) for first in range(0, rows, at_once)]


def read(elements: Elements, query: Tensor, selection: Tensor, *, top_k: int, matrix_bytes: int) -> Readout:
    """Read what `elements` say at each place, from the `top_k` most similar ones.

    query, selection: (Q, Ck)
    matrix_bytes:     what one places-by-elements matrix may take; places are taken in portions of that size
    """
    table = elements.value.flatten(1)
    used = torch.zeros_like(elements.usage)
    values, supports, concentrations = [], [], []
    for part in portions(len(query), len(elements), matrix_bytes):
        matrix = similarity(elements.key, elements.shrinkage, query[part], selection[part])
        best, indices = torch.topk(matrix, min(top_k, len(elements)), dim=1)
        weights = torch.softmax(best, dim=1)  # subtracts the maximum: far keys would all underflow to 0/0
        # A sum of a few rows of the table; the dense product with the whole table costs a thousand times more.
        values.append(functional.embedding_bag(indices, table, mode="sum", per_sample_weights=weights))
        supports.append(functional.embedding_bag(indices, elements.inside, mode="sum", per_sample_weights=weights))
        used += matrix.zero_().scatter_(1, indices, weights).sum(0)
        concentrations.append((weights**2).sum(1))
    value = torch.cat(values).view(-1, *elements.value.shape[1:])
    return Readout(value, torch.cat(supports), used, torch.cat(concentrations))
