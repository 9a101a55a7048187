"""Figures that take networks: LPIPS of frames and VFID of videos, measured where the files of weights are present."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from videdit.checkpoints import load_state_dict, load_strict

if TYPE_CHECKING:
    from torch import Tensor

I3D_FILE = "i3d_rgb_imagenet.pt"
ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
LPIPS_FILE = "alex.pth"
_STAGES = (2, 5, 8, 10, 12)
"""AlexNet's features are taken after each of its five ReLUs, which end before these layers."""
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class Lpips:
    """Perceptual distance with AlexNet.

    Source: R. Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018; its
    version 0.1.
    """

    def __init__(self, folder: Path) -> None:
        """Load `alexnet-owt-7be5be79.pth` of torchvision and `alex.pth` of lpips. Raises CorruptCheckpoint."""
        from torchvision.models import alexnet

        network = alexnet(weights=None)
        load_strict(network, load_state_dict(folder / ALEXNET_FILE), ALEXNET_FILE)
        self._layers = network.features.eval().requires_grad_(False)
        state = load_state_dict(folder / LPIPS_FILE)
        self._weights = [state[f"lin{number}.model.1.weight"] for number in range(len(_STAGES))]

    def __call__(self, result: NDArray[Any], truth: NDArray[Any]) -> float:
        """Return the distance of two pictures, (H, W, 3) in 0..255."""
        import torch

        with torch.inference_mode():
            total = 0.0
            pair = zip(self._features(result), self._features(truth), self._weights, strict=True)
            for one, other, weight in pair:
                total += float(torch.nn.functional.conv2d((one - other) ** 2, weight).mean())
        return total

    def _features(self, rgb: NDArray[Any]) -> list[Tensor]:
        import torch

        x = torch.from_numpy(np.asarray(rgb, np.float32) / np.float32(127.5) - 1).permute(2, 0, 1)[None]
        x = (x - torch.tensor(_SHIFT).view(1, 3, 1, 1)) / torch.tensor(_SCALE).view(1, 3, 1, 1)
        found = []
        for number, layer in enumerate(self._layers, 1):
            x = layer(x.clone() if number in (2, 5) else x)
            if number in _STAGES:
                found.append(x / (x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return found


def video_features(network: Any, frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return what I3D makes of a whole video: 1024 numbers, its last features averaged over time and space.

    network: of `videdit.evaluation.i3d`
    frames:  (H, W, 3) uint8 each
    """
    import torch

    video = torch.from_numpy(np.stack(frames).astype(np.float32) / np.float32(255)).permute(3, 0, 1, 2)[None]
    with torch.inference_mode():
        features: NDArray[np.float64] = network(video)[0].double().cpu().numpy()
    return features


def frechet_distance(real: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """Return the Frechet distance of two sets of features, (videos, 1024) each, at least two videos.

    With fewer videos than features the covariances are singular; their root is taken of the small matrix of the videos
    instead, which has the same trace and is stable.
    """
    from scipy.linalg import svdvals

    apart = real.mean(axis=0) - made.mean(axis=0)
    first, second = (some - some.mean(axis=0) for some in (real, made))
    scale = len(real) - 1
    # tr sqrt(S1 S2) with S = X'X / n: the singular values of X1 X2' / n.
    root = float(svdvals(first @ second.T).sum()) / scale
    return float(apart @ apart) + (float(np.square(first).sum() + np.square(second).sum()) / scale) - 2 * root
