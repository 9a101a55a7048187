"""Run the network on one window."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from videdit_e2fgvi import E2FGVI, Flows
from videdit_plugins.e2fgvi.crops import Crop
from videdit_plugins.e2fgvi.seams import met
from videdit_plugins.e2fgvi.tracing import trace
from videdit_plugins.e2fgvi.views import View, Views
from videdit_plugins.e2fgvi.windows import FrameWindow


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network made of the frames of a window that have holes.

    rgb:    by index, (h, w, 3) float32 in [0, 1] at the crop's size: the frame with its hole filled
    origin: by index, (h / 4, w / 4) int32 over the padded crop, as `trace` returns it
    """

    crop: Crop
    rgb: dict[int, NDArray[np.float32]]
    origin: dict[int, NDArray[np.int32]]

    def native_rgb(self, index: int) -> NDArray[np.float32]:
        """Return (H, W, 3) float32 in [0, 1] at the size of the crop's region."""
        region, small = self.crop.region, self.rgb[index]
        if small.shape[:2] == (region.height, region.width):
            return small
        large = cv2.resize(small, (region.width, region.height), interpolation=cv2.INTER_CUBIC)
        clipped: NDArray[np.float32] = np.clip(large, 0, 1).astype(np.float32)
        return clipped

    def native_origin(self, index: int) -> NDArray[np.int32]:
        """Return (H, W) int32 at the size of the crop's region."""
        region, size, coarse = self.crop.region, self.crop.size, self.origin[index]
        rows = np.arange(region.height) * size[0] // (4 * region.height)
        columns = np.arange(region.width) * size[1] // (4 * region.width)
        return coarse[np.ix_(rows, columns)]


def predict(network: E2FGVI, views: Views, window: FrameWindow, crop: Crop, *, seams: bool) -> Prediction:
    """Fill the holes of a window's local frames.

    seams: bring the picture to continue what lies around the hole
    """
    indices = [*window.local, *window.references]
    views.prepare(window, crop)
    pairs = [views.flows(index, crop) for index in window.local[:-1]]
    features = torch.stack([views.encoded(index, crop).features for index in indices], dim=1)
    empty = features.new_zeros(1, 0, 2, *features.shape[-2:], dtype=torch.float32)
    flows = Flows(*(torch.stack(one, dim=1) for one in zip(*pairs, strict=True))) if pairs else Flows(empty, empty)
    pictures = network.complete(features, flows, len(window.local), len(window.local))
    seen = {index: views.view(index, crop) for index in window.local if not views.box(index).empty}
    origins = trace(_coarse_holes(window, crop, seen, flows), flows.forward[0], flows.backward[0], window.local.start)
    height, width = crop.size
    shown = ((pictures[..., :height, :width].permute(0, 2, 3, 1) + 1) / 2).cpu().numpy()
    rgb, origin = {}, {}
    for number, index in enumerate(window.local):
        if index in seen:
            picture, view = shown[number], seen[index]
            rgb[index] = (
                met(picture, view.rgb, view.hole) if seams else np.where(view.hole[..., None], picture, view.rgb)
            )
            origin[index] = origins[number]
    return Prediction(crop, rgb, origin)


def _coarse_holes(window: FrameWindow, crop: Crop, seen: dict[int, View], flows: Flows) -> torch.Tensor:
    """Return the holes (l, h, w) bool at the size of the flow; a place that touches the hole counts."""
    holes = np.zeros((len(window.local), *crop.padded), np.float32)
    for number, index in enumerate(window.local):
        if index in seen:
            holes[number, : crop.size[0], : crop.size[1]] = seen[index].hole
    return functional.max_pool2d(torch.from_numpy(holes)[:, None], 4)[:, 0].to(flows.forward.device) > 0
