"""What any filler has to beat: OpenCV's own inpainting, and the plain method of the field."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.filler import MADE_UP, Filled, Filler, MaskSequence
from videdit.frames import FrameSequence, Mask, Region
from videdit.ops import optical_flow, warp

CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


class Telea(Filler):
    """Each frame on its own, by fast marching."""

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        if not hole.any():
            return None
        rgb = cv2.inpaint(self._frames[index].rgb, hole.view(np.uint8), 3, cv2.INPAINT_TELEA)
        return Filled(Region.whole(self._frames.size), np.asarray(rgb), np.where(hole, MADE_UP, index).astype(np.int32))


class FlowPropagation(Filler):
    """Pixels followed from frame to frame along optical flow until the hole is left, forwards and backwards.

    The flow inside a hole is the smooth continuation of the flow around it. The plain method of the field, without
    camera motion, candidates or seams.
    """

    REACH = 30

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        self._frames, self._holes = frames, holes
        self._flows: dict[tuple[int, int], NDArray[np.float32]] = {}

    def fill(self, index: int) -> Filled | None:
        hole = self._holes[index]
        if not hole.any():
            return None
        total = np.zeros((*hole.shape, 3), np.float32)
        weight = np.zeros(hole.shape, np.float32)
        for step in (-1, 1):
            for distance, rgb, found in self._followed(index, step):
                total[found] += rgb[found] / distance**2
                weight[found] += 1 / distance**2
        frame = self._frames[index].rgb.copy()
        known = hole & (weight > 0)
        frame[known] = np.rint(total[known] / weight[known][:, None])
        left = hole & ~known
        rgb = cv2.inpaint(frame, left.view(np.uint8), 3, cv2.INPAINT_TELEA)
        return Filled(Region.whole(self._frames.size), np.asarray(rgb), np.where(hole, MADE_UP, index).astype(np.int32))

    def _followed(self, index: int, step: int) -> Iterator[tuple[int, NDArray[np.float32], Mask]]:
        wanted = self._holes[index].copy()
        total = np.zeros((*wanted.shape, 2), np.float32)
        height, width = wanted.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        for distance in range(1, self.REACH + 1):
            here, there = index + step * (distance - 1), index + step * distance
            if there not in self._frames.shot or not wanted.any():
                return
            total = total + warp(self._flow(here, there), total)
            places = x + total[..., 0], y + total[..., 1]
            inside = (places[0] >= 0) & (places[1] >= 0) & (places[0] < width) & (places[1] < height)
            hidden = warp(self._holes[there].astype(np.float32), total) > 0.01
            found = wanted & inside & ~hidden
            yield distance, warp(self._frames[there].rgb, total).astype(np.float32), found
            wanted &= inside & ~found

    def _flow(self, a: int, b: int) -> NDArray[np.float32]:
        if (a, b) not in self._flows:
            flow = optical_flow(self._frames[a].rgb, self._frames[b].rgb)
            unknown = self._holes[a] | self._holes[b]
            known = ~cv2.dilate(unknown.view(np.uint8), CROSS, iterations=6).view(np.bool_)
            self._flows[a, b] = _continued(flow, known)
            if len(self._flows) > 4 * self.REACH:
                self._flows.pop(next(iter(self._flows)))
        return self._flows[a, b]


def _continued(flow: NDArray[np.float32], known: Mask) -> NDArray[np.float32]:
    """Extend flow over unknown places: blurs of growing width, the finest that reaches a pixel counts."""
    result, done = flow * known[..., None], known.copy()
    for sigma in (4, 8, 16, 32, 64, 128):
        share = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma)
        spread = cv2.GaussianBlur(flow * known[..., None], (0, 0), sigma) / np.maximum(share, 1e-6)[..., None]
        new = ~done & (share > 0.02)
        result[new] = spread[new]
        done |= new
    return result
