"""The frames that were looked at last, as Segment Anything sees them."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor

from videdit.frames import Descriptor, Frame, Mask

ANSWERS_KEPT = 8
SURE_LOGIT = 8.0
"""Logit of a pixel that a drawn mask covers wholly; the network's own masks reach about that."""


@dataclass(slots=True)
class Embedded:
    """One frame.

    features:   (1, C, h, w), the image encoder's answer
    size:       (height, width) of the frame
    inner_size: the same, scaled so that the long side is the network's
    answers:    digest of a mask that was answered -> its coarse logits (1, 1, h4, w4), the newest last
    """

    features: Tensor
    size: tuple[int, int]
    inner_size: tuple[int, int]
    answers: OrderedDict[int, Tensor] = field(default_factory=OrderedDict)

    def keep_answer(self, mask: Mask, coarse: Tensor) -> None:
        """Remember what a mask was made of, so that a correction of it begins there."""
        self.answers[_digest(mask)] = coarse
        while len(self.answers) > ANSWERS_KEPT:
            self.answers.popitem(last=False)

    def coarse_logits(self, mask: Mask, side: int) -> Tensor:
        """Return the coarse logits (1, 1, side, side) of a mask: its own if it was answered here, else made of it."""
        known = self.answers.get(_digest(mask))
        if known is not None:
            return known
        covered = self._covered(mask, side)
        height, width = covered.shape
        logits = np.full((side, side), -SURE_LOGIT, np.float32)
        logits[:height, :width] = (2 * covered - 1) * SURE_LOGIT
        return torch.from_numpy(logits)[None, None].to(self.features.device)

    def pooled(self, mask: Mask) -> Descriptor:
        """Return the mean feature inside a mask that is not empty, of length 1."""
        covered = self._covered(mask, max(self.features.shape[-2:]))
        height, width = covered.shape
        weight = torch.from_numpy(covered).to(self.features.device)
        inside = (self.features[0, :, :height, :width].float() * weight).sum(dim=(1, 2))
        return np.asarray(torch.nn.functional.normalize(inside, dim=0).cpu().numpy(), np.float32)

    def _covered(self, mask: Mask, side: int) -> NDArray[np.float32]:
        """Return (h, w) float32 in [0, 1]: a mask on a grid whose longer side is `side`."""
        longest = max(self.inner_size)
        height, width = (max(1, round(part * side / longest)) for part in self.inner_size)
        return np.asarray(cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA))


class EmbeddedFrames:
    """Embeds a frame once, and keeps the last few."""

    def __init__(self, model: Any, at_most: int) -> None:
        self._model = model
        self._at_most = at_most
        self._transform = ResizeLongestSide(model.image_encoder.img_size)
        self._kept: OrderedDict[tuple[int, int], Embedded] = OrderedDict()

    def get(self, frame: Frame) -> Embedded:
        """Return the frame embedded; known frames cost nothing."""
        rgb = frame.rgb8
        # The pixels are part of the name: an instance may be handed another film.
        key = (frame.index, _digest(rgb))
        if key not in self._kept:
            self._kept[key] = self._embed(rgb)
        self._kept.move_to_end(key)
        while len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
        return self._kept[key]

    def points(self, points: NDArray[np.float64], embedded: Embedded) -> Tensor:
        """(n, 2) pixels of the frame -> (1, n, 2) of the network's picture."""
        scaled = self._transform.apply_coords(points, embedded.size)
        return torch.as_tensor(scaled, dtype=torch.float32, device=embedded.features.device)[None]

    def _embed(self, rgb: NDArray[np.uint8]) -> Embedded:
        # The package's own resampling: the network was trained on it.
        scaled = np.ascontiguousarray(self._transform.apply_image(rgb).transpose(2, 0, 1))
        image = torch.from_numpy(scaled).to(self._model.device)[None]
        inner = (image.shape[2], image.shape[3])
        features = self._model.image_encoder(self._model.preprocess(image))
        return Embedded(features, (rgb.shape[0], rgb.shape[1]), inner)


def _digest(array: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data, array.shape[1])
