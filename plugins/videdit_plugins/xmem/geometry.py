"""From the film's frames to the network's size, and back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from videdit.errors import ShapeError
from videdit.frames import Frame, Mask
from videdit_plugins.xmem.network.network import STRIDE

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of the pictures the network was trained on, RGB in [0, 1]."""

_TYPES = {"bool": torch.bool, "uint8": torch.uint8, "uint16": torch.uint16, "float32": torch.float32}


class Geometry:
    """Sizes of one film.

    size:    (height, width) of its frames
    inner:   the same, shrunk to the short side asked for, never enlarged
    margins: left, right, top, bottom: what pads `inner` to multiples of 16, the smaller half first
    device:  where `image` and `mask` put what they return
    """

    def __init__(self, size: tuple[int, int], short_side_px: int, device: str = "cpu") -> None:
        self.size = size
        self.inner = (_shrunk_side(size[0], size, short_side_px), _shrunk_side(size[1], size, short_side_px))
        top, bottom = _margins(self.inner[0])
        left, right = _margins(self.inner[1])
        self.margins = (left, right, top, bottom)
        self.device = torch.device(device)
        self._mean, self._deviation = torch.tensor([MEAN, DEVIATION], device=self.device)

    def image(self, frame: Frame) -> Tensor:
        """Return (3, H, W) float32, normalised and padded with the mean colour."""
        white = 255 if frame.rgb.dtype == np.uint8 else 65535
        scaled = (self._placed(self._shrunk(frame.rgb)) / white - self._mean) / self._deviation
        return functional.pad(scaled.permute(2, 0, 1), self.margins)

    def mask(self, mask: Mask) -> Tensor:
        """Return (H, W) float32 in [0, 1], padded: how much of each pixel is covered. Raises ShapeError."""
        if mask.shape != self.size:
            raise ShapeError(f"the mask is {mask.shape}, the frames are {self.size}")
        covered = mask if self.inner == self.size else self._shrunk(mask.astype(np.float32))
        return functional.pad(self._placed(covered), self.margins)

    def cropped(self, maps: Tensor) -> Tensor:
        """(N, padded H, padded W) -> (N, *inner)."""
        left, _, top, _ = self.margins
        return maps[:, top : top + self.inner[0], left : left + self.inner[1]]

    def enlarged(self, maps: Tensor) -> Tensor:
        """(N, *inner) -> (N, *size)."""
        if self.inner == self.size:
            return maps
        return functional.interpolate(maps[None], size=self.size, mode="bilinear", align_corners=False)[0]

    def of_places(self, maps: Tensor) -> NDArray[np.float32]:
        """(N, padded H / 16, padded W / 16) -> (N, h, w): one for about every 16 pixels of `inner`, no padding.

        Places of memory lie on the padded picture; these cover the picture alone, from border to border.
        """
        height, width = (max(1, round(side / STRIDE)) for side in self.inner)
        across, down = self.inner[1] / width, self.inner[0] / height
        left, _, top, _ = self.margins
        # Where the middle of each pixel lies among the places.
        matrix = np.array(
            [
                [across / STRIDE, 0, (across / 2 + left) / STRIDE - 0.5],
                [0, down / STRIDE, (down / 2 + top) / STRIDE - 0.5],
            ]
        )
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.stack(
            [
                cv2.warpAffine(one, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
                for one in maps.float().cpu().numpy()
            ]
        ).astype(np.float32)

    def _placed(self, array: NDArray[Any]) -> Tensor:
        """Return the array on the device, as float32. What travels to a CUDA device are the few bytes it has here."""
        cuda = self.device.type == "cuda"
        host = torch.empty(array.shape, dtype=_TYPES[array.dtype.name], pin_memory=cuda)
        host.numpy()[...] = array
        return host.to(self.device, non_blocking=True).float() if cuda else host.float().to(self.device)

    def _shrunk(self, array: NDArray[Any]) -> NDArray[Any]:
        if self.inner == self.size:
            return array
        shrunk: NDArray[Any] = cv2.resize(array, self.inner[::-1], interpolation=cv2.INTER_AREA)
        return shrunk


def _shrunk_side(side: int, size: tuple[int, int], short_side_px: int) -> int:
    short = min(size)
    return side if short <= short_side_px else int(side / short * short_side_px)


def _margins(side: int) -> tuple[int, int]:
    lacking = -side % STRIDE
    return lacking // 2, lacking - lacking // 2
