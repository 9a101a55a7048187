"""Long-term memory: condense frames to prototypes, forget what is never used.

Source: XMem, section 3.4.
"""

from __future__ import annotations

import torch

from videdit_plugins.xmem.memory.elements import LIFE_AT_BIRTH, Elements
from videdit_plugins.xmem.memory.reading import portions, similarity


def condense(candidates: Elements, prototypes: int, matrix_bytes: int) -> Elements:
    """Return the most used candidates, each with the values of all candidates around its key.

    Values, places and shrinkage are averaged over all candidates, weighted by similarity; keys stay.
    matrix_bytes: what one prototypes-by-candidates matrix may take; prototypes are made in portions of that size
    """
    chosen = torch.topk(candidates.usage_per_read, min(prototypes, len(candidates))).indices
    key, selection = candidates.key[chosen], candidates.selection[chosen]
    table = candidates.value.flatten(1)
    values, insides, shrinkages = [], [], []
    for part in portions(len(chosen), len(candidates), matrix_bytes):
        weights = torch.softmax(similarity(candidates.key, candidates.shrinkage, key[part], selection[part]), dim=1)
        values.append(weights @ table)
        insides.append(weights @ candidates.inside)
        shrinkages.append(weights @ candidates.shrinkage)
    value = torch.cat(values).view(-1, *candidates.value.shape[1:])
    usage = torch.zeros(len(chosen), device=key.device)
    life = torch.full_like(usage, LIFE_AT_BIRTH)
    return Elements(key, torch.cat(shrinkages), selection, value, torch.cat(insides), usage, life)


def forget_unused(elements: Elements, keep: int) -> Elements:
    """Return the `keep` elements of highest usage per read, in their order; of equal ones the oldest go."""
    if len(elements) <= keep:
        return elements
    order = torch.argsort(elements.usage_per_read, stable=True)
    return elements.taken(torch.sort(order[len(elements) - keep :]).values)
