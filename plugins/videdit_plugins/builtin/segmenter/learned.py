"""The network's close look at where the object seems to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from videdit.frames import Mask, Region
from videdit_plugins.builtin.segmenter.evidence import Field
from videdit_plugins.builtin.segmenter.network import MULTIPLE, Corrector

WEIGHTS = Path(__file__).with_name("segmenter.safetensors")
AREA_PX = 160 * 160
"""Pixels of a look; scenes of the training have as many."""
MARGIN = 0.3
"""Ground shown around the object, as a share of its size on each side."""
LEAST_PX = 48


class CloseLook:
    """A network with its weights."""

    def __init__(self, device: str = "cpu", weights: Path = WEIGHTS) -> None:
        self._device = device
        network = _read(weights)
        self._network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def odds(self, planes: NDArray[np.float32], region: Region) -> tuple[Region, Field]:
        """Look at `region` and some ground around it.

        planes: (COUNT, H, W) float32, see `planes.planes`

        Returns the window looked at and log-odds of its pixels, (height, width) float32.
        """
        window = surroundings(region, planes.shape[1:])
        scale = float(np.sqrt(AREA_PX / (window.width * window.height)))
        rows, columns = (_multiple(length * scale) for length in (window.height, window.width))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        shown = np.stack([cv2.resize(plane[window.slices], (columns, rows), interpolation=how) for plane in planes])
        with torch.inference_mode(), _one_thread():
            batch = torch.from_numpy(shown)[None].to(self._device).contiguous(memory_format=torch.channels_last)
            answer = self._network(batch)[0][0, 0].cpu().numpy()
        return window, cast(Field, cv2.resize(answer, (window.width, window.height), interpolation=cv2.INTER_LINEAR))

    @staticmethod
    def region_of(guess: Mask, inside: Mask) -> Region:
        """Return the box around the parts of `guess` (H, W) that hold a pixel of `inside`, and around those pixels."""
        count, labels = cv2.connectedComponents(guess.astype(np.uint8), connectivity=8)
        keep = np.zeros(count, bool)
        keep[labels[inside]] = True
        keep[0] = False
        return Region.of(keep[labels] | inside) if inside.any() else Region.of(guess)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: a look takes some 20 ms, and threads that wait for each other burn more than that."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _read(weights: Path) -> Corrector:
    tensors = load_file(weights)
    names = ("stem.conv.weight", "quarter.0.conv.weight", "eighth.0.conv.weight", "least.0.conv.weight")
    half, quarter, eighth, least = (tensors[name].shape[0] for name in names)
    network = Corrector((half, quarter, eighth, least))
    # Weights from before the network judged its answers lack that part.
    lacking = [name for name in network.load_state_dict(tensors, strict=False).missing_keys if "judge" not in name]
    if lacking:
        raise ValueError(f"{weights.name} lacks {', '.join(lacking)}")
    return network


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
