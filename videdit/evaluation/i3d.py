"""I3D, the network that VFID looks with; under the parameter names of the file that the field shares.

J. Carreira and A. Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Triple = tuple[int, int, int]
_MIXED = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
_CLASSES = 400


def _padded(x: Tensor, kernel: Triple, stride: Triple, value: float = 0.0) -> Tensor:
    """Pad as TensorFlow's SAME: as little as it takes, the odd pixel behind."""
    pads: list[int] = []
    for side, size, step in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        least = max(size - (step if side % step == 0 else side % step), 0)
        pads += [least // 2, least - least // 2]
    return functional.pad(x, pads, value=value)


class _Unit(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self._kernel, self._stride = (kernel,) * 3, (stride,) * 3
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv3d(_padded(x, self._kernel, self._stride))))


class _Pool(nn.Module):
    def __init__(self, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        self._kernel, self._stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        # What comes in is never negative, so zeros are as good as nothing.
        return functional.max_pool3d(_padded(x, self._kernel, self._stride), self._kernel, self._stride)


class _Mixed(nn.Module):
    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.b0 = _Unit(inputs, widths[0], 1)
        self.b1a, self.b1b = _Unit(inputs, widths[1], 1), _Unit(widths[1], widths[2], 3)
        self.b2a, self.b2b = _Unit(inputs, widths[3], 1), _Unit(widths[3], widths[4], 3)
        self.b3a, self.b3b = _Pool((3, 3, 3), (1, 1, 1)), _Unit(inputs, widths[5], 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))]
        return torch.cat(parts, dim=1)


class _Logits(nn.Module):
    """In the file, and not looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(1024, _CLASSES, 1)


class I3d(nn.Module):
    """(N, 3, T, H, W) float32 in [0, 1] to (N, 1024): the last features, averaged."""

    def __init__(self) -> None:
        super().__init__()
        self._order = ["Conv3d_1a_7x7", "MaxPool3d_2a_3x3", "Conv3d_2b_1x1", "Conv3d_2c_3x3", "MaxPool3d_3a_3x3"]
        self.add_module("Conv3d_1a_7x7", _Unit(3, 64, 7, 2))
        self.add_module("MaxPool3d_2a_3x3", _Pool((1, 3, 3), (1, 2, 2)))
        self.add_module("Conv3d_2b_1x1", _Unit(64, 64, 1))
        self.add_module("Conv3d_2c_3x3", _Unit(64, 192, 3))
        self.add_module("MaxPool3d_3a_3x3", _Pool((1, 3, 3), (1, 2, 2)))
        inputs = 192
        for (name, widths), before in zip(_MIXED.items(), ["", *_MIXED], strict=False):
            if before and before[6] != name[6]:
                kernel = (3, 3, 3) if name[6] == "4" else (2, 2, 2)
                pool = f"MaxPool3d_{name[6]}a"
                self.add_module(pool, _Pool(kernel, (2, 2, 2)))
                self._order.append(pool)
            self.add_module(name, _Mixed(inputs, widths))
            self._order.append(name)
            inputs = widths[0] + widths[2] + widths[4] + widths[5]
        self.logits = _Logits()

    def forward(self, video: Tensor) -> Tensor:
        """Return the features of whole videos."""
        for name in self._order:
            video = self.get_submodule(name)(video)
        return video.mean(dim=(2, 3, 4))
