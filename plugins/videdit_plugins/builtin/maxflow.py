"""Minimum cuts of 8-neighbour pixel grids, and nested families of them.

The search is that of Boykov and Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms for Energy
Minimization in Vision" (2004), sections 3.1 to 3.3: two trees grow from source and sink, paths between them are
filled, and nodes cut off find a new parent. Before it two waves take most of the flow there. A family of cuts under
growing bias reuses the flow found so far, as in Gallo, Grigoriadis and Tarjan's parametric maximum flow (1989).

Importing this module imports numba; the first cut on a machine compiles for some seconds, later ones load the result.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from videdit.errors import ShapeError

UNITS_PER_ONE = 512
"""Capacities are whole multiples of 1/512, so that sums are exact and every search ends."""
LIMIT = 2.0**20
"""Unaries are held within +-LIMIT, links within [0, LIMIT]; both then fit 32 bits with room to spare."""

# Directions come in pairs, each one's opposite is its number XOR 1: right, left, down, up, and the diagonals.
_STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))
LINK_STEPS = _STEPS[::2]
"""(rows, columns) from a pixel to its neighbour for each of the four planes of links."""

_FREE, _SOURCE, _SINK = 0, 1, 2
_AT_TERMINAL, _ORPHAN, _NONE = 8, 9, 10
_FAR = 2**30
_WAVES = 2
"""More take longer than they save the search."""


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with numba and keep the result on disk; where no folder can be written, compile in each process."""
    try:
        made: Callable[..., Any] = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return made


def nested_cuts(
    unary: NDArray[np.floating[Any]], links: NDArray[np.floating[Any]], biases: Sequence[float] = (0.0,)
) -> list[NDArray[np.bool_]]:
    """Cut the grid once for each bias; a larger bias never takes a pixel away.

    Each mask x is the smallest one that minimises
        sum over pixels of -(unary + bias) * x  +  sum over links of link * |x_p - x_q|.

    unary:  (H, W) float, what a pixel gains by being in the mask
    links:  (4, H, W) float, 0 or above: weight of the link to the pixel right, below, below right, below left;
            links that leave the picture are ignored
    biases: in ascending order

    Returns one (H, W) bool for each bias. Raises ShapeError when the sizes do not fit or the biases descend.
    """
    if unary.ndim != 2 or links.shape != (4, *unary.shape):
        raise ShapeError(f"links of a grid {unary.shape} are {(4, *unary.shape)}, not {links.shape}")
    if any(after < before for before, after in itertools.pairwise(biases)):
        raise ShapeError(f"biases ascend, not {list(biases)}")
    height, width = unary.shape
    graph = _Graph(links)
    terminal = np.zeros((height + 2, width + 2), np.int32)
    masks: list[NDArray[np.bool_]] = []
    reached = 0
    for bias in biases:
        if not masks:
            reached = _units(bias)
            terminal[1:-1, 1:-1] = _whole(unary, -LIMIT) + reached
        else:
            terminal[1:-1, 1:-1] += _units(bias) - reached
            reached = _units(bias)
        masks.append(graph.cut(terminal))
    return masks


def _units(value: float) -> int:
    return round(value * UNITS_PER_ONE)


def _whole(values: NDArray[np.floating[Any]], lowest: float) -> NDArray[np.int32]:
    whole: NDArray[np.int32] = np.rint(np.clip(values, lowest, LIMIT) * UNITS_PER_ONE).astype(np.int32)
    return whole


class _Graph:
    """Residual capacities of one grid, with a border of one pixel that nothing links to."""

    def __init__(self, links: NDArray[np.floating[Any]]) -> None:
        _, height, width = links.shape
        capacities = np.zeros((height + 2, width + 2, 8), np.int32)
        whole = _whole(links, 0.0)
        for plane, (down, right) in enumerate(LINK_STEPS):
            rows = slice(0, height - down)
            columns = slice(max(0, -right), width - max(0, right))
            values = whole[plane, rows, columns]
            top, left = 1, 1 + max(0, -right)
            there = (slice(top, top + values.shape[0]), slice(left, left + values.shape[1]))
            back = (
                slice(top + down, top + down + values.shape[0]),
                slice(left + right, left + right + values.shape[1]),
            )
            capacities[(*there, 2 * plane)] = values
            capacities[(*back, 2 * plane + 1)] = values
        self._shape = (height + 2, width + 2)
        self._capacities = capacities.reshape(-1, 8)
        self._offsets = np.array([down * (width + 2) + right for down, right in _STEPS], np.int64)

    def cut(self, terminal: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Fill the graph with flow and return the source's side; `terminal` is left with what remains of it."""
        tree = np.zeros(terminal.size, np.uint8)
        _fill(self._capacities, terminal.reshape(-1), self._offsets, tree)
        inside: NDArray[np.bool_] = tree.reshape(self._shape)[1:-1, 1:-1] == _SOURCE
        return inside


@compiled
def _fill(capacities, terminal, offsets, tree):  # type: ignore[no-untyped-def]
    """Push all the flow there is; afterwards `tree` marks what the source still reaches.

    capacities: (N, 8) int32, residual capacity from a node along each direction; changed
    terminal:   (N,) int32, above 0 what is left from the source, below 0 what is left to the sink; changed
    """
    for _ in range(_WAVES):
        _drain(capacities, terminal, offsets)
    count = terminal.size
    parent = np.full(count, _NONE, np.uint8)
    stamp = np.zeros(count, np.int32)
    depth = np.zeros(count, np.int32)
    queued = np.zeros(count, np.uint8)
    active = np.empty(count + 1, np.int32)
    orphans = np.empty(count + 1, np.int32)
    head, tail = 0, 0
    for node in range(count):
        if terminal[node] != 0:
            tree[node] = _SOURCE if terminal[node] > 0 else _SINK
            parent[node] = _AT_TERMINAL
            depth[node] = 1
            queued[node] = 1
            active[tail] = node
            tail += 1
    now = 0
    node = -1
    while True:
        if node < 0 or tree[node] == _FREE:
            node = -1
            while node < 0 and head != tail:
                queued[active[head]] = 0
                if tree[active[head]] != _FREE:
                    node = active[head]
                head = head + 1 if head < count else 0
            if node < 0:
                return
        met, along, tail = _grow(capacities, offsets, tree, parent, stamp, depth, node, active, queued, tail)
        if met < 0:
            node = -1
            continue
        now += 1
        waiting = _augment(capacities, terminal, offsets, tree, parent, orphans, met, along)
        first = 0
        while waiting > 0:
            orphan = orphans[first]
            first = first + 1 if first < count else 0
            waiting -= 1
            if not _adopt(capacities, offsets, tree, parent, stamp, depth, orphan, now):
                last = first + waiting
                more, tail = _abandon(capacities, offsets, tree, parent, orphan, orphans, last, active, queued, tail)
                waiting += more


@compiled
def _drain(capacities, terminal, offsets):  # type: ignore[no-untyped-def]
    """Send what the source feeds down the shortest ways to the sink, all pixels at once, as far as it fits.

    The first step of Goldberg and Tarjan's "A New Approach to the Maximum-Flow Problem" (1988), section 4: most of the
    flow goes a few pixels, and the search would carry it path by path. What gets stuck on the way is left where it is,
    as if the source fed it there: that moves no cut.
    """
    count = terminal.size
    order = np.empty(count, np.int32)
    far = np.zeros(count, np.int32)
    last = 0
    for node in range(count):
        if terminal[node] < 0:
            far[node] = 1
            order[last] = node
            last += 1
    first = 0
    while first < last:
        node = order[first]
        first += 1
        for direction in range(8):
            other = node + offsets[direction]
            if far[other] == 0 and capacities[other, direction ^ 1] > 0:
                far[other] = far[node] + 1
                order[last] = other
                last += 1
    for place in range(last - 1, -1, -1):
        node = order[place]
        for direction in range(8):
            left = terminal[node]
            if left <= 0:
                break
            room = capacities[node, direction]
            if room == 0:
                continue
            other = node + offsets[direction]
            if far[other] == far[node] - 1:
                # Several neighbours may send to one pixel; what it holds has to stay within 32 bits.
                push = min(left, room, _FAR - terminal[other])
                capacities[node, direction] -= push
                capacities[other, direction ^ 1] += push
                terminal[node] -= push
                terminal[other] += push


@compiled
def _grow(capacities, offsets, tree, parent, stamp, depth, node, active, queued, tail):  # type: ignore[no-untyped-def]
    """Let the tree of `node` take its free neighbours.

    Returns the link, as a node of the source's tree and a direction, over which it met the other tree, or (-1, 0),
    and the end of the queue. A node of a tree is never one of the border, so its neighbours all exist.
    """
    side = tree[node]
    for direction in range(8):
        other = node + offsets[direction]
        room = capacities[node, direction] if side == _SOURCE else capacities[other, direction ^ 1]
        if room <= 0:
            continue
        if tree[other] == _FREE:
            tree[other] = side
            parent[other] = direction ^ 1
            stamp[other] = stamp[node]
            depth[other] = depth[node] + 1
            if queued[other] == 0:
                queued[other] = 1
                active[tail] = other
                tail = tail + 1 if tail < len(active) - 1 else 0
        elif tree[other] != side:
            if side == _SOURCE:
                return node, direction, tail
            return other, direction ^ 1, tail
        elif stamp[other] <= stamp[node] and depth[other] > depth[node] + 1 and parent[other] != _AT_TERMINAL:
            # A shorter way to the terminal keeps the paths short.
            parent[other] = direction ^ 1
            stamp[other] = stamp[node]
            depth[other] = depth[node] + 1
    return -1, 0, tail


@compiled
def _abandon(capacities, offsets, tree, parent, orphan, orphans, last, active, queued, tail):  # type: ignore[no-untyped-def]
    """Free a node that has no way to its terminal left; its children become orphans from place `last` on.

    Neighbours that could win it back become active. Returns how many orphans there are more, and the queue's end.
    """
    mine = tree[orphan]
    more = 0
    for direction in range(8):
        other = orphan + offsets[direction]
        if tree[other] != mine:
            continue
        room = capacities[other, direction ^ 1] if mine == _SOURCE else capacities[orphan, direction]
        if room > 0 and queued[other] == 0:
            queued[other] = 1
            active[tail] = other
            tail = tail + 1 if tail < len(active) - 1 else 0
        if parent[other] == direction ^ 1:
            parent[other] = _ORPHAN
            orphans[(last + more) % len(orphans)] = other
            more += 1
    tree[orphan] = _FREE
    parent[orphan] = _NONE
    return more, tail


@compiled
def _augment(capacities, terminal, offsets, tree, parent, orphans, met, along):  # type: ignore[no-untyped-def]
    """Send as much as fits through the path over the link (met, along); return how many nodes were cut off."""
    beyond = met + offsets[along]
    push = capacities[met, along]
    node = met
    while parent[node] != _AT_TERMINAL:
        up = parent[node]
        push = min(push, capacities[node + offsets[up], up ^ 1])
        node += offsets[up]
    push = min(push, terminal[node])
    node = beyond
    while parent[node] != _AT_TERMINAL:
        up = parent[node]
        push = min(push, capacities[node, up])
        node += offsets[up]
    push = min(push, -terminal[node])

    waiting = 0
    capacities[met, along] -= push
    capacities[beyond, along ^ 1] += push
    node = met
    while parent[node] != _AT_TERMINAL:
        up = parent[node]
        above = node + offsets[up]
        capacities[above, up ^ 1] -= push
        capacities[node, up] += push
        if capacities[above, up ^ 1] == 0:
            parent[node] = _ORPHAN
            orphans[waiting] = node
            waiting += 1
        node = above
    terminal[node] -= push
    if terminal[node] == 0:
        parent[node] = _ORPHAN
        orphans[waiting] = node
        waiting += 1
    node = beyond
    while parent[node] != _AT_TERMINAL:
        up = parent[node]
        above = node + offsets[up]
        capacities[node, up] -= push
        capacities[above, up ^ 1] += push
        if capacities[node, up] == 0:
            parent[node] = _ORPHAN
            orphans[waiting] = node
            waiting += 1
        node = above
    terminal[node] += push
    if terminal[node] == 0:
        parent[node] = _ORPHAN
        orphans[waiting] = node
        waiting += 1
    return waiting


@compiled
def _adopt(capacities, offsets, tree, parent, stamp, depth, orphan, now):  # type: ignore[no-untyped-def]
    """Find the orphan the parent that is nearest to its terminal; return whether there was one."""
    mine = tree[orphan]
    best_depth, best_direction = _FAR, _NONE
    for direction in range(8):
        other = orphan + offsets[direction]
        if tree[other] != mine:
            continue
        room = capacities[other, direction ^ 1] if mine == _SOURCE else capacities[orphan, direction]
        if room <= 0:
            continue
        # Walk to the terminal; nodes already checked at this moment answer at once.
        steps, node = 0, other
        while True:
            if stamp[node] == now:
                steps += depth[node]
                break
            up = parent[node]
            steps += 1
            if up == _AT_TERMINAL:
                stamp[node] = now
                depth[node] = 1
                break
            if up in (_ORPHAN, _NONE):
                steps = _FAR
                break
            node += offsets[up]
        if steps >= _FAR:
            continue
        if steps < best_depth:
            best_depth, best_direction = steps, direction
        node = other
        while stamp[node] != now:
            stamp[node] = now
            depth[node] = steps
            steps -= 1
            node += offsets[parent[node]]
    if best_direction == _NONE:
        return False
    parent[orphan] = best_direction
    stamp[orphan] = now
    depth[orphan] = best_depth + 1
    return True
