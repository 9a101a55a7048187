"""Which layers of the network may be in 8-bit integers."""

from __future__ import annotations

import re

from videdit.quantization import quantize
from videdit_e2fgvi import E2FGVI

# Chosen by what each saves against how far it moves the picture, 1/255 in all. What stays in float32: the flow,
# attention, tokens' embedding and composition, and what draws the picture, where every error shows. Any of these would
# save 3 to 5 hundredths of the time more, and bring the error past that on noise.
_IN_INTEGERS = re.compile(
    r"encoder\.layers\.([2468]|1\d)"
    r"|feat_prop_module\.(deform_align\.\w+\.conv_offset|backbone\.\w+)\.\d"
    r"|transformer\.\d\.mlp\.conv[12]\.\d"
)


def in_integers(network: E2FGVI, device: str) -> None:
    """Put the layers that gain by it into 8-bit integers; all others are float32.

    Raises OptionError on a device that is no CPU, or a CPU without the instructions.
    """
    quantize(network, device, lambda name, _: _IN_INTEGERS.fullmatch(name) is not None)
