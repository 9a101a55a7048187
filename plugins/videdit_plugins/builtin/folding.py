"""Networks for use: their normalisations folded into the convolutions before them, the same numbers in fewer passes."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def folded(network: Network, convolution: str) -> Network:
    """Return a copy of `network`, in evaluation mode, without batch normalisation.

    convolution: what layers call the convolution whose result their `norm` alone takes
    """
    result = copy.deepcopy(network).eval()
    for layer in result.modules():
        taken, norm = getattr(layer, convolution, None), getattr(layer, "norm", None)
        if isinstance(taken, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            setattr(layer, convolution, fuse_conv_bn_eval(taken, norm))
            layer.norm = nn.Identity()
    return result
