"""Frames and holes of a shot, as the network sees them through a crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videdit import FrameSequence, MaskSequence, Region
from videdit_e2fgvi import E2FGVI, frames_at_once, mirrored, quarter
from videdit_plugins.e2fgvi.bounded import Bounded, Value
from videdit_plugins.e2fgvi.crops import Crop
from videdit_plugins.e2fgvi.windows import FrameWindow


@dataclass(frozen=True, slots=True)
class View:
    """A frame through a crop.

    rgb:  (h, w, 3) float32 in [0, 1], at the crop's size
    hole: (h, w) bool; a pixel that touches the hole counts
    """

    rgb: NDArray[np.float32]
    hole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is kept of a view from one window to the next; it depends on that frame alone.

    features: (1, 128, H / 4, W / 4), of the padded crop
    small:    (1, 3, H / 4, W / 4) float32, what the flow is estimated on
    """

    features: Tensor
    small: Tensor


class Views:
    """Frames through crops, and what the network's first stages make of them; a bounded number is kept.

    kept: of frames
    """

    def __init__(self, frames: FrameSequence, holes: MaskSequence, network: E2FGVI, device: str, kept: int) -> None:
        self.frames = frames
        self.holes = holes
        self._network = network
        self._device = device
        self._boxes: dict[int, Region] = {}
        self._encoded: Bounded[tuple[int, Crop], Encoded] = Bounded(kept)
        self._flows: Bounded[tuple[int, Crop], tuple[Tensor, Tensor]] = Bounded(kept)

    def box(self, index: int) -> Region:
        """Return the box of a frame's hole; empty if it has none."""
        if index not in self._boxes:
            self._boxes[index] = Region.of(self.holes[index])
        return self._boxes[index]

    def box_of(self, indices: range) -> Region:
        """Return the box of the holes of several frames."""
        return reduce(Region.union, (self.box(index) for index in indices), Region(0, 0, 0, 0))

    def view(self, index: int, crop: Crop) -> View:
        """Return a frame through a crop."""
        pixels = self.frames[index].rgb
        rgb = pixels[crop.region.slices].astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
        hole = self.holes[index][crop.region.slices]
        if crop.size == rgb.shape[:2]:
            return View(rgb, hole)
        to = crop.size[::-1]
        covered = cv2.resize(hole.astype(np.float32), to, interpolation=cv2.INTER_AREA)
        return View(np.asarray(cv2.resize(rgb, to, interpolation=cv2.INTER_AREA), np.float32), covered > 0)

    def encoded(self, index: int, crop: Crop) -> Encoded:
        """Return what the encoder makes of a frame through a crop."""
        return self._encoded.get((index, crop), lambda: self._encode([index], crop)[0])

    def flows(self, index: int, crop: Crop) -> tuple[Tensor, Tensor]:
        """Return the completed flow (1, 2, h, w) from frame `index` to the next, and back."""
        return self._flows.get((index, crop), lambda: self._flow([index], crop)[0])

    def prepare(self, window: FrameWindow, crop: Crop) -> None:
        """Have ready what `encoded` and `flows` are asked for a window, as many frames at once as the device likes."""
        at_once = frames_at_once(torch.device(self._device), (crop.padded[0] // 4, crop.padded[1] // 4))
        # In order of time: frames decode faster that way.
        seen = sorted([*window.local, *window.references])
        _keep_new(self._encoded, seen, self._encode, crop, at_once)
        _keep_new(self._flows, window.local[:-1], self._flow, crop, at_once)

    def native_flow(self, index: int, step: int, crop: Crop, area: Region) -> NDArray[np.float32]:
        """Return the completed flow from frame `index` to the next (step 1) or the one before (-1).

        area: a region inside the crop's

        Returns (h, w, 2) float32 of the area, its own pixels, x first.
        """
        pair = self.flows(index if step > 0 else index - 1, crop)
        quarter = (pair[0] if step > 0 else pair[1])[0].permute(1, 2, 0).float().cpu().numpy()
        region, size = crop.region, crop.size
        across, down = region.width / size[1], region.height / size[0]
        to = max(1, round(4 * quarter.shape[1] * across)), max(1, round(4 * quarter.shape[0] * down))
        large = np.asarray(cv2.resize(quarter, to, interpolation=cv2.INTER_LINEAR))
        y, x = area.y0 - region.y0, area.x0 - region.x0
        cut = large[y : y + area.height, x : x + area.width]
        return np.asarray(cut * np.array([4 * across, 4 * down], np.float32))

    def forget(self) -> None:
        """Let go of what is kept."""
        self._encoded.clear()
        self._flows.clear()

    def _encode(self, indices: Sequence[int], crop: Crop) -> list[Encoded]:
        padded = mirrored(torch.cat([self._seen(self.view(index, crop)) for index in indices]), crop.padded)
        return [
            Encoded(*one) for one in zip(_apart(self._network.encode(padded)), _apart(quarter(padded)), strict=True)
        ]

    def _seen(self, view: View) -> Tensor:
        seen = (2 * view.rgb - 1) * ~view.hole[..., None]
        return torch.from_numpy(seen.astype(np.float32)).permute(2, 0, 1)[None].to(self._device)

    def _flow(self, indices: Sequence[int], crop: Crop) -> list[tuple[Tensor, Tensor]]:
        ends = [torch.cat([self.encoded(number, crop).small for number in (index, index + 1)]) for index in indices]
        flows = self._network.flows(torch.stack(ends))
        return list(zip(_apart(flows.forward[:, 0]), _apart(flows.backward[:, 0]), strict=True))


def _apart(tensor: Tensor) -> list[Tensor]:
    """Return the N parts (1, ...) of (N, ...), none of which holds on to the others."""
    parts = torch.split(tensor, 1)
    return [part.clone() for part in parts] if len(parts) > 1 else list(parts)


def _keep_new(
    kept: Bounded[tuple[int, Crop], Value],
    indices: Sequence[int],
    make: Callable[[Sequence[int], Crop], Sequence[Value]],
    crop: Crop,
    at_once: int,
) -> None:
    """Make and keep what is not kept yet, `at_once` frames at a time."""
    new = [index for index in indices if (index, crop) not in kept]
    for start in range(0, len(new), at_once):
        part = new[start : start + at_once]
        for index, value in zip(part, make(part, crop), strict=True):
            kept.put((index, crop), value)
