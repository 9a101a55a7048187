"""Put fixed normalisations into the convolutions before them: the same numbers with fewer passes over the picture."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_PAIRS = (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"), ("0", "1"))
"""Names, in the trunks and their shortcuts, of a convolution and of the normalisation that alone takes its result."""


def fold_norms(network: nn.Module) -> None:
    """Replace every batch normalisation of `network`, which is in evaluation mode, by its convolution's weights.

    From then on the parameters have no longer the published names; load before.
    """
    for module in list(network.modules()):
        for conv_name, norm_name in _PAIRS:
            convolution, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(convolution, norm))
                setattr(module, norm_name, nn.Identity())
