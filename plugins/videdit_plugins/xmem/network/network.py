"""The whole network, its widths read from the weights."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from videdit.errors import CorruptCheckpoint
from videdit_plugins.xmem.network.decoder import Decoder
from videdit_plugins.xmem.network.graphs import Call, Graphs
from videdit_plugins.xmem.network.key_encoder import Features, KeyEncoder, KeyProjection
from videdit_plugins.xmem.network.value_encoder import INPUT_CHANNELS, ValueEncoder

STRIDE = 16
OBJECTS_AT_ONCE = 4
"""Objects that are decoded or encoded in one go; 480p takes about 160 MB for each."""

_KEY = "key_proj.key_proj.weight"
_VALUE = "value_encoder.fuser.block2.conv2.weight"
_HIDDEN = "decoder.hidden_update.transform.weight"
_FIRST = "value_encoder.conv1.weight"


@dataclass(frozen=True, slots=True)
class Widths:
    """Channels of keys, of values and of the sensory memory; 0 for a network without one."""

    key: int = 64
    value: int = 512
    hidden: int = 64

    @classmethod
    def of(cls, state_dict: Mapping[str, Tensor], name: str) -> Widths:
        """Read the widths from a file's tensors. Raises CorruptCheckpoint that names what lacks."""
        lacking = [key for key in (_KEY, _VALUE) if key not in state_dict or state_dict[key].ndim != 4]
        if lacking:
            raise CorruptCheckpoint(f"these are no weights of XMem: missing: {', '.join(lacking)}", where=name)
        hidden = state_dict[_HIDDEN].shape[0] // 3 if _HIDDEN in state_dict else 0
        return cls(state_dict[_KEY].shape[0], state_dict[_VALUE].shape[0], hidden)


def with_others_channel(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with the channel for other objects' masks, which files for one object lack, set to zero."""
    tensors = dict(state_dict)
    first = tensors.get(_FIRST)
    if first is not None and first.ndim == 4 and first.shape[1] == INPUT_CHANNELS - 1:
        tensors[_FIRST] = torch.cat([first, torch.zeros_like(first[:, :1])], dim=1)
    return tensors


class XMem(nn.Module):
    """Encodes frames, encodes objects for memory, and decodes what memory answers."""

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        self.widths = widths if widths is not None else Widths()
        self.key_encoder = KeyEncoder()
        self.value_encoder = ValueEncoder(self.widths.value, self.widths.hidden)
        self.key_proj = KeyProjection(self.widths.key)
        self.decoder = Decoder(self.widths.value, self.widths.hidden)
        self.reduced: torch.dtype | None = None
        """Numbers to multiply in, or None for float32; what memory holds and compares is float32 always."""
        self.graphs: Graphs | None = None
        """On a CUDA device: what replays the parts; None starts every kernel anew."""

    def placed(self, images: Tensor) -> Tensor:
        """Return the images on the network's device, in the memory layout of its weights."""
        weight = self.key_proj.key_proj.weight
        channels_last = weight.is_contiguous(memory_format=torch.channels_last)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        return images.to(weight.device).contiguous(memory_format=layout)

    def encode_frames(self, images: Tensor) -> Features:
        """images: (N, 3, H, W), normalised, sides multiples of 16."""

        def call(images: Tensor) -> tuple[Tensor, ...]:
            with self._precision(images):
                f16, f8, f4 = self.key_encoder(images)
                return (*self.key_proj(f16), f16, f8, f4)

        return Features(*self._run("frames", call, images))

    def encode_objects(self, image: Tensor, f16: Tensor, probability: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Make what is remembered of N objects on one frame.

        image: (1, 3, H, W); f16: (1, 1024, h, w); probability: (N, H, W) in [0, 1]; hidden: (N, Ch, h, w)

        Returns values (N, Cv, h, w) and the next hidden state.
        """
        own = probability[:, None]
        others = own.sum(dim=0, keepdim=True) - own

        def call(*inputs: Tensor) -> tuple[Tensor, ...]:
            with self._precision(image):
                value, state = self.value_encoder(*inputs)
                return value, state

        parts = [
            self._run("objects", call, image, f16, own[part], others[part], hidden[part])
            for part in _portions(len(own))
        ]
        return torch.cat([value for value, _ in parts]), torch.cat([state for _, state in parts])

    def decode(self, features: Features, readout: Tensor, hidden: Tensor, *, update: bool) -> tuple[Tensor, Tensor]:
        """Return logits (N, H, W) and the hidden state of N objects; see `Decoder.forward`."""

        def call(f16: Tensor, f8: Tensor, f4: Tensor, readout: Tensor, hidden: Tensor) -> tuple[Tensor, ...]:
            with self._precision(readout):
                logit, state = self.decoder(features._replace(f16=f16, f8=f8, f4=f4), readout, hidden, update)
                return logit, state

        scales = (features.f16, features.f8, features.f4)
        name = "decode and update" if update else "decode"
        parts = [self._run(name, call, *scales, readout[part], hidden[part]) for part in _portions(len(readout))]
        return torch.cat([logit for logit, _ in parts]), torch.cat([state for _, state in parts])

    def _run(self, name: str, call: Call, *inputs: Tensor) -> tuple[Tensor, ...]:
        return call(*inputs) if self.graphs is None else self.graphs.run(name, call, *inputs)

    def _precision(self, like: Tensor) -> AbstractContextManager[object]:
        return nullcontext() if self.reduced is None else torch.autocast(like.device.type, self.reduced)


def _portions(count: int) -> list[slice]:
    return [slice(first, first + OBJECTS_AT_ONCE) for first in range(0, count, OBJECTS_AT_ONCE)]
