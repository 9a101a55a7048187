"""Carry features along the flow through the local frames, backward and then forward.

Second-order propagation with deformable alignment, after Chan, Zhou, Xu and Loy, "BasicVSR++", CVPR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from videdit_e2fgvi.deformable import TAPS, modulated
from videdit_e2fgvi.warping import warp

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

    def forward(self, steps: tuple[Tensor, Tensor], seen: Tensor, flows: tuple[Tensor, Tensor]) -> Tensor:
        """Return the carried features, aligned to the current frame.

        steps: (N, 128, h, w) each, as stored one step and two steps ago, not warped
        seen:  (N, 384, h, w), [first step warped, current, second step warped]
        flows: (N, 2, h, w) each, from the current frame to those of `steps`
        """
        first, second, modulation = self.conv_offset(torch.cat([seen, *flows], dim=1)).chunk(3, dim=1)
        repeats = _GROUPS * TAPS // 2
        # The flow is (x, y); the offsets are (y, x) for each tap.
        offsets = [
            _MAGNITUDE * torch.tanh(part) + flow.flip(1).repeat(1, repeats, 1, 1)
            for part, flow in zip((first, second), flows, strict=True)
        ]
        return modulated(
            torch.cat(steps, dim=1), torch.cat(offsets, dim=1), torch.sigmoid(modulation), self.weight, self.bias
        )


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

    def forward(self, features: list[Tensor], flow_forward: list[Tensor], flow_backward: list[Tensor]) -> list[Tensor]:
        """Return the features of each local frame with what its neighbours show.

        features:      l maps (N, 128, h, w) float32, in order of time
        flow_forward:  l - 1 flows (N, 2, h, w), frame i to frame i + 1
        flow_backward: l - 1 flows (N, 2, h, w), frame i + 1 to frame i
        """
        # The published weights were trained with the forward flows in order of time here, although this pass runs
        # against time: its step i lies between frames l-i and l-1-i, but takes the flow of frames i-1 and i.
        backward = self._pass("backward_", [[x] for x in reversed(features)], flow_forward)[::-1]
        pairs = [[x, carried] for x, carried in zip(features, backward, strict=True)]
        forward = self._pass("forward_", pairs, flow_backward)
        return [
            self.fusion(torch.cat([one, other], dim=1)) + x
            for one, other, x in zip(backward, forward, features, strict=True)
        ]

    def _pass(self, name: str, maps: list[list[Tensor]], flows: list[Tensor]) -> list[Tensor]:
        """Run one direction. `maps` holds for each step the frame's own features, then any others it may look at."""
        stored: list[Tensor] = []
        nothing = torch.zeros_like(maps[0][0])
        for step, seen in enumerate(maps):
            aligned = self._aligned(name, stored, flows[:step], seen[0]) if step > 0 else nothing
            stored.append(aligned + self.backbone[name](torch.cat([*seen, aligned], dim=1)))
        return stored

    def _aligned(self, name: str, stored: list[Tensor], flows: list[Tensor], current: Tensor) -> Tensor:
        """Align the last two stored maps to the current frame; `flows` ends with the one that leads to the last."""
        first_flow, last = flows[-1], stored[-1]
        second_flow, before = torch.zeros_like(first_flow), torch.zeros_like(last)
        before_warped = before
        if len(stored) > 1:
            second_flow = first_flow + warp(flows[-2], first_flow, "zeros")
            before = stored[-2]
            before_warped = warp(before, second_flow, "zeros")
        seen = torch.cat([warp(last, first_flow, "zeros"), current, before_warped], dim=1)
        aligned: Tensor = self.deform_align[name]((last, before), seen, (first_flow, second_flow))
        return aligned
