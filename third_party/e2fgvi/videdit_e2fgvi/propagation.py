"""Carry features along the flow through the local frames, backward and then forward.

Second-order propagation with deformable alignment, after Chan, Zhou, Xu and Loy, "BasicVSR++", CVPR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from videdit_e2fgvi.batches import by_parts, frames_at_once
from videdit_e2fgvi.deformable import TAPS, modulated
from videdit_e2fgvi.warping import places, sample, warp

CHANNELS = 128
_GROUPS = 16
_MAGNITUDE = 10.0
_SLOPE = 0.1


class _Alignment(nn.Module):
    """A modulated deformable convolution whose offsets are the flow plus what the features ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(CHANNELS, 2 * CHANNELS, 3, 3))
        self.bias = nn.Parameter(torch.zeros(CHANNELS))
        self.conv_offset = nn.Sequential(
            nn.Conv2d(3 * CHANNELS + 4, CHANNELS, 3, padding=1),
            nn.LeakyReLU(_SLOPE, inplace=True),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.LeakyReLU(_SLOPE, inplace=True),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
            nn.LeakyReLU(_SLOPE, inplace=True),
            nn.Conv2d(CHANNELS, 3 * _GROUPS * TAPS, 3, padding=1),
        )

    def forward(self, stored: Tensor, seen: Tensor, flows: Tensor) -> Tensor:
        """Return the carried features, aligned to the current frame.

        stored: (N, 256, h, w), as they were one step and two steps ago, not warped
        seen:   (N, 384, h, w), [first step warped, current, second step warped]
        flows:  (N, 4, h, w), from the current frame to those of `stored`; x, y, x, y
        """
        asked = self.conv_offset(torch.cat([seen, flows], dim=1))
        residue, modulation = asked.split((2 * _GROUPS * TAPS, _GROUPS * TAPS), dim=1)
        # The flow is (x, y); the offsets are (y, x) for each tap, half of the groups for each step.
        by_step = (2, _GROUPS * TAPS // 2, 2)
        flow = torch.unflatten(flows, 1, (2, 1, 2)).flip(3)
        offsets = torch.unflatten(_MAGNITUDE * torch.tanh(residue), 1, by_step) + flow
        return modulated(stored, offsets.flatten(1, 3), torch.sigmoid(modulation), self.weight, self.bias)


class FeaturePropagation(nn.Module):
    """Both directions, joined with the features they began from."""

    def __init__(self) -> None:
        super().__init__()
        self.deform_align = nn.ModuleDict({name: _Alignment() for name in ("backward_", "forward_")})
        self.backbone = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(parts * CHANNELS, CHANNELS, 3, padding=1),
                    nn.LeakyReLU(_SLOPE, inplace=True),
                    nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
                )
                for name, parts in (("backward_", 2), ("forward_", 3))
            }
        )
        self.fusion = nn.Conv2d(2 * CHANNELS, CHANNELS, 1)

    def forward(self, features: Tensor, flow_forward: Tensor, flow_backward: Tensor) -> Tensor:
        """Return the features of each local frame with what its neighbours show.

        features:      (N, l, 128, h, w) float32, in order of time
        flow_forward:  (N, l - 1, 2, h, w), frame i to frame i + 1
        flow_backward: (N, l - 1, 2, h, w), frame i + 1 to frame i
        """
        maps = features.unbind(1)
        # The published weights were trained with the forward flows in order of time here, although this pass runs
        # against time: its step i lies between frames l-i and l-1-i, but takes the flow of frames i-1 and i.
        backward = self._pass("backward_", [[x] for x in reversed(maps)], flow_forward)[::-1]
        pairs = [[x, carried] for x, carried in zip(maps, backward, strict=True)]
        forward = self._pass("forward_", pairs, flow_backward)
        both = torch.stack([torch.cat(pair, dim=1) for pair in zip(backward, forward, strict=True)], dim=1)
        at_once = frames_at_once(both.device, (both.shape[-2], both.shape[-1]))
        fused = by_parts(self.fusion, both.flatten(0, 1), at_once)
        return fused.view_as(features) + features

    def _pass(self, name: str, maps: list[list[Tensor]], flows: Tensor) -> list[Tensor]:
        """Run one direction. `maps` holds for each step the frame's own features, then any others it may look at."""
        nothing = torch.zeros_like(maps[0][0])
        stored = [nothing, nothing + self.backbone[name](torch.cat([*maps[0], nothing], dim=1))]
        for seen, flow, where in zip(maps[1:], *_second_order(flows), strict=True):
            aligned = self._aligned(name, torch.cat([stored[-1], stored[-2]], dim=1), seen[0], flow, where)
            stored.append(aligned + self.backbone[name](torch.cat([*seen, aligned], dim=1)))
        return stored[1:]

    def _aligned(self, name: str, stored: Tensor, current: Tensor, flow: Tensor, where: Tensor) -> Tensor:
        """Align the last two stored maps (N, 256, h, w) to the current frame."""
        apart = torch.unflatten(stored, 1, (2, CHANNELS)).flatten(0, 1)
        last, before = torch.unflatten(sample(apart, where, "zeros"), 0, (-1, 2)).unbind(1)
        aligned: Tensor = self.deform_align[name](stored, torch.cat([last, current, before], dim=1), flow)
        return aligned


def _second_order(flows: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Return for each of the steps (N, steps, 2, h, w) the flows one and two steps back, and where they lead.

    The flows are (N, 4, h, w), x, y, x, y; where they lead is (2 N, h, w, 2) for `sample`. The first step has none
    before it: its second flow is 0.
    """
    batch, steps = flows.shape[:2]
    if steps == 0:
        return (), ()
    earlier, later = flows[:, :-1].flatten(0, 1), flows[:, 1:].flatten(0, 1)
    further = later + warp(earlier, later, "zeros")
    second = torch.cat([torch.zeros_like(flows[:, :1]), torch.unflatten(further, 0, (batch, steps - 1))], dim=1)
    both = torch.stack([flows, second], dim=2)
    where = torch.unflatten(places(both.flatten(0, 2)), 0, (batch, steps, 2)).transpose(0, 1).flatten(1, 2)
    return both.flatten(2, 3).unbind(1), where.unbind(0)
