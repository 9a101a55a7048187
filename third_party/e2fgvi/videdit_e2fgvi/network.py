"""The whole network, in its two published configurations."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from videdit_e2fgvi.batches import by_parts, frames_at_once
from videdit_e2fgvi.decoder import Decoder
from videdit_e2fgvi.encoder import Encoder
from videdit_e2fgvi.flow import SPyNet, quarter
from videdit_e2fgvi.padding import mirrored, padded_size
from videdit_e2fgvi.propagation import FeaturePropagation
from videdit_e2fgvi.split import Size, SoftComposition, SoftSplit
from videdit_e2fgvi.transformer import Block

_DEPTH = 8
_FIXED_SIZE: Size = (240, 432)


class Flows(NamedTuple):
    """Completed flow between neighbouring local frames, in pixels of a quarter of the size; channel 0 is x.

    forward:  (N, l - 1, 2, h, w) float32, frame i to frame i + 1
    backward: (N, l - 1, 2, h, w) float32, frame i + 1 to frame i
    """

    forward: Tensor
    backward: Tensor


class E2FGVI(nn.Module):
    """Fills the holes of neighbouring frames, with a look at some distant ones.

    fixed_size: (height, width) of the only frames it takes; None takes any, mirrored at the border where needed
    """

    def __init__(self, fixed_size: Size | None = None) -> None:
        super().__init__()
        self.fixed_size = fixed_size
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.feat_prop_module = FeaturePropagation()
        self.ss = SoftSplit()
        self.sc = SoftComposition(None if fixed_size is None else (fixed_size[0] // 4, fixed_size[1] // 4))
        self.transformer = nn.Sequential(*(Block() for _ in range(_DEPTH)))
        self.update_spynet = SPyNet()
        self._dtype, self._layout = torch.float32, torch.contiguous_format

    def configure(self, dtype: torch.dtype, *, channels_last: bool = False) -> None:
        """Set how it computes.

        dtype:         of all but the flow and the deformable alignment, which lose too much below float32
        channels_last: lay the maps of encoder and decoder out pixel by pixel
        """
        self._dtype = dtype
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        for part in (self.encoder, self.decoder, self.ss, self.sc, self.transformer):
            part.to(dtype=dtype)
        for part in (self.encoder, self.decoder):
            part.to(memory_format=self._layout)

    def forward(self, frames: Tensor, local: int, references: bool = True) -> tuple[Tensor, Flows]:
        """Fill the frames' holes.

        frames:     (N, T, 3, H, W) float in [-1, 1], 0 in the holes; neighbours first, then distant references
        local:      how many neighbours there are
        references: draw the references too, as the published network does, though nobody needs their pictures

        Returns the pictures (N * shown, 3, H, W) in [-1, 1], whole frames and not the holes alone, and the flows at a
        quarter of the padded size. Raises ValueError for a size or a number of frames that it cannot take.
        """
        if frames.ndim != 5 or not 0 < local <= frames.shape[1]:
            raise ValueError(f"{local} local frames of a tensor {tuple(frames.shape)}; it takes (N, T, 3, H, W)")
        batch, count, height, width = *frames.shape[:2], *frames.shape[-2:]
        padded = self._padded(frames)
        features = torch.unflatten(self.encode(padded.flatten(0, 1)), 0, (batch, count))
        small = torch.unflatten(quarter(padded[:, :local].flatten(0, 1)), 0, (batch, local))
        flows = self.flows(small)
        shown = count if references else local
        pictures = self.complete(features, flows, local, shown)
        return pictures[..., :height, :width], flows

    def _padded(self, frames: Tensor) -> Tensor:
        size = frames.shape[-2], frames.shape[-1]
        if self.fixed_size is not None and size != self.fixed_size:
            raise ValueError(f"this configuration takes frames of {self.fixed_size} (height, width), not {size}")
        return mirrored(frames) if size != padded_size(size) else frames

    def encode(self, frames: Tensor) -> Tensor:
        """Return the features (N, 128, H / 4, W / 4) of frames (N, 3, H, W); each frame counts alone."""
        prepared = frames.to(dtype=self._dtype, memory_format=self._layout)
        size = frames.shape[-2] // 4, frames.shape[-1] // 4
        return by_parts(self.encoder, prepared, frames_at_once(frames.device, size)).contiguous()

    def flows(self, small: Tensor) -> Flows:
        """Return the flows between neighbours of `small` (N, l, 3, h, w), made by `quarter`; each pair counts alone."""
        batch, count = small.shape[:2]
        if count < 2:
            nothing = small.new_zeros(batch, 0, 2, *small.shape[-2:])
            return Flows(nothing, nothing)
        earlier, later = small[:, :-1].flatten(0, 1), small[:, 1:].flatten(0, 1)
        both = torch.stack([torch.cat([earlier, later]), torch.cat([later, earlier])], dim=1)
        at_once = frames_at_once(small.device, (small.shape[-2], small.shape[-1]))
        flow = by_parts(lambda pairs: self.update_spynet(pairs[:, 0], pairs[:, 1]), both, at_once)
        return Flows(*(torch.unflatten(way, 0, (batch, count - 1)) for way in flow.chunk(2)))

    def complete(self, features: Tensor, flows: Flows, local: int, shown: int) -> Tensor:
        """Fill from what `encode` and `flows` returned.

        features: (N, T, 128, h, w), local frames first

        Returns the pictures of the first `shown` frames, (N * shown, 3, 4 h, 4 w) float32 in [-1, 1].
        """
        carried = self._propagated(features, flows, local)
        size = features.shape[-2], features.shape[-1]
        at_once = frames_at_once(features.device, size)
        tokens = torch.unflatten(by_parts(self.ss, carried.flatten(0, 1), at_once), 0, carried.shape[:2])
        for number, block in enumerate(self.transformer, 1):
            tokens = block(tokens, size, shown if number == _DEPTH else tokens.shape[1])
        parts = (torch.split(maps.flatten(0, 1), at_once) for maps in (carried[:, :shown], tokens))
        return torch.cat([self._drawn(maps + self.sc(those, size)) for maps, those in zip(*parts, strict=True)])

    def _drawn(self, maps: Tensor) -> Tensor:
        pictures: Tensor = self.decoder(maps.contiguous(memory_format=self._layout))
        return pictures.float().contiguous()

    def _propagated(self, features: Tensor, flows: Flows, local: int) -> Tensor:
        """Return the features with those of the local frames carried along the flow."""
        carried = self.feat_prop_module(features[:, :local].float(), flows.forward, flows.backward)
        return torch.cat([carried.to(features.dtype), features[:, local:]], dim=1)


def e2fgvi() -> E2FGVI:
    """Make the configuration for frames of 432x240, with random weights."""
    return E2FGVI(_FIXED_SIZE)


def e2fgvi_hq() -> E2FGVI:
    """Make the configuration for frames of any size (E2FGVI-HQ), with random weights."""
    return E2FGVI()
