"""The network's close look at where the object seems to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from videdit.checkpoints import load_state_dict, load_strict
from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter.evidence import Field
from videdit_plugins.builtin.segmenter.network import MULTIPLE, Corrector
from videdit_plugins.builtin.segmenter.planes import ACROSS
from videdit_plugins.builtin.threads import beside, one_thread

WEIGHTS = tuple(Path(__file__).with_name(f"segmenter-{number}.safetensors") for number in (1, 2))
"""Two networks that learned from different films: together they know better what is in doubt."""
AREA_PX = 160 * 160
"""Pixels of a look; scenes of the training have as many."""
CLOSE_AREA_PX = 224 * 224
"""Pixels of a closer look, which a box alone gets: all that is known of the object lies in it."""
MARGIN = 0.5
"""Ground shown around the object, as a share of its size on each side."""
LEAST_PX = 48


@dataclass(frozen=True, slots=True)
class Word:
    """What the network says.

    window: where it looked
    odds:   (H, W) float32, log-odds of the object; 0 outside of the window
    """

    window: Region
    odds: Field

    def over(self, field: Field) -> Field:
        """Return log-odds (H, W): the network's where it looked, those of `field` elsewhere."""
        laid = field.copy()
        laid[self.window.slices] = self.odds[self.window.slices]
        return laid


class CloseLook:
    """Networks with their weights, whose answers are averaged."""

    def __init__(self, device: str = "cpu", weights: Sequence[Path] = WEIGHTS) -> None:
        """Read the weights.

        weights: safetensors files, as `training.segmenter` writes them

        Raises MissingCheckpoint if there is no such file, CorruptCheckpoint if it does not fit the network.
        """
        self._device = device
        self._networks: list[Corrector] = []
        for path in weights:
            network = Corrector()
            load_strict(network, load_state_dict(path, "safetensors"), str(path))
            network = network.eval().folded()
            network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            self._networks.append(network)

    def word(self, planes: NDArray[np.float32], region: Region, *, closely: bool = False) -> Word:
        """Look at `region` and some ground around it.

        planes:  (COUNT, H, W) float32, see `planes.planes`
        closely: at more pixels, and once more in the mirror; the answers are averaged
        """
        window = surroundings(region, planes.shape[1:])
        scale = float(np.sqrt((CLOSE_AREA_PX if closely else AREA_PX) / (window.width * window.height)))
        rows, columns = (_multiple(length * scale) for length in (window.height, window.width))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown = np.stack([cv2.resize(plane[window.slices], (columns, rows), interpolation=how) for plane in planes])
        # What a network thinks its answer is worth tells less than how sure it is of each pixel.
        sides = (False, True) if closely else (False,)
        looks = [partial(self._odds, network, shown, mirrored=side) for side in sides for network in self._networks]
        half = (len(looks) + 1) // 2
        # The number of BLAS threads is this thread's to set and to put back: see `one_thread`.
        with one_thread():
            others = beside(lambda: [look() for look in looks[half:]])
            told = [look() for look in looks[:half]] + others.result()
        odds_there = np.mean(told, axis=0)
        odds = np.zeros(planes.shape[1:], np.float32)
        odds[window.slices] = cv2.resize(odds_there, (window.width, window.height), interpolation=cv2.INTER_LINEAR)
        return Word(window, odds)

    def _odds(self, network: Corrector, shown: NDArray[np.float32], *, mirrored: bool) -> NDArray[np.float32]:
        """Return the log-odds (h, w) of one network for `shown` (COUNT, h, w), or for its mirror image, turned back."""
        with torch.inference_mode(), one_thread():
            batch = torch.from_numpy(shown)[None].to(self._device)
            if mirrored:
                batch = batch.flip(3)
                batch[:, ACROSS] *= -1
            answer: Tensor = network(batch.contiguous(memory_format=torch.channels_last))[0]
            odds: NDArray[np.float32] = (answer.flip(3) if mirrored else answer)[0, 0].cpu().numpy()
            return odds

    @staticmethod
    def region_of(guess: Mask, inside: Mask) -> Region:
        """Return the box around the parts of `guess` (H, W) that hold a pixel of `inside`, and around those pixels."""
        count, labels = cv2.connectedComponents(guess.astype(np.uint8), connectivity=8)
        keep = np.zeros(count, bool)
        keep[labels[inside]] = True
        keep[0] = False
        return Region.of(keep[labels] | inside) if inside.any() else Region.of(guess)


def surroundings(region: Region, size: tuple[int, ...], margin: float = MARGIN) -> Region:
    """Return `region` with `margin` of its sides around it, at least LEAST_PX a side, inside a picture of `size`."""
    spans = []
    for start, stop, length in ((region.x0, region.x1, size[1]), (region.y0, region.y1, size[0])):
        half = max(LEAST_PX, (stop - start) * (1 + 2 * margin)) / 2
        middle = (start + stop) / 2
        spans.append((max(0, int(middle - half)), min(length, int(np.ceil(middle + half)))))
    (x0, x1), (y0, y1) = spans
    return Region(x0, y0, x1, y1)


def _multiple(length: float) -> int:
    return max(1, round(length / MULTIPLE)) * MULTIPLE
