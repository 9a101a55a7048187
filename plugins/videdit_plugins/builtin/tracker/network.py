"""The small network that weighs the tracker's evidence: the layers, as they are trained and as they are run.

After Perazzi et al., "Learning Video Object Segmentation from Static Images" (2017) in refining a mask carried along,
and Oh et al., "Video Object Segmentation using Space-Time Memory Networks" (2019) in reading remembered frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_plugins.builtin.folding import folded

CUES = 16
KEY = 32
WIDTHS = (16, 32, 64, 96)
"""At full size, half, a quarter and an eighth. Multiples of eight, which convolutions on a CPU are quickest with."""
SEEN = (24, 48, 64)
MATCHES = 3
MASS_FLOOR = 1e-4
MASS_SCALE = 0.2
PART = 96
"""So many places of a window are matched at once."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the encoder makes of a window.

    half, quarter, eighth: (B, C, h / 2, w / 2) and so on
    keys:                  (B, 32, h / 4, w / 4), of length 1, by which frames are compared
    """

    half: Tensor
    quarter: Tensor
    eighth: Tensor
    keys: Tensor


@dataclass(frozen=True, slots=True)
class Remembered:
    """Remembered places.

    keys:   (B, N, 32)
    inside: (B, N) in [0, 1], the share of the object
    """

    keys: Tensor
    inside: Tensor


class _Layer(nn.Module):
    """A 3 x 3 convolution with batch normalisation and a rectifier."""

    def __init__(self, taken: int, given: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(taken, given, 3, stride, dilation, dilation, bias=False)
        self.norm = nn.BatchNorm2d(given)

    def forward(self, image: Tensor) -> Tensor:
        return functional.relu(self.norm(self.convolution(image)), inplace=True)


class _Encoder(nn.Module):
    def __init__(self, half: int, quarter: int, eighth: int) -> None:
        super().__init__()
        self.at_half = _Layer(3, half, stride=2)
        self.at_quarter = nn.Sequential(_Layer(half, quarter, stride=2), _Layer(quarter, quarter))
        self.at_eighth = nn.Sequential(
            _Layer(quarter, eighth, stride=2), _Layer(eighth, eighth), _Layer(eighth, eighth, dilation=2)
        )
        self.key_near = nn.Conv2d(quarter, KEY, 1)
        self.key_far = nn.Conv2d(eighth, KEY, 1)

    def forward(self, lab: Tensor) -> Features:
        half = self.at_half(lab)
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        keys = _sum(_twice(self.key_far(eighth)), self.key_near(quarter))
        return Features(half, quarter, eighth, functional.normalize(keys, dim=1))


class TrackerNetwork(nn.Module):
    """Adds to the log odds of the hand-made evidence what their sum cannot say.

    widths: of the layers at full size, half, a quarter and an eighth
    seen:   of the encoder's at half the size, a quarter and an eighth
    """

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS, seen: tuple[int, int, int] = SEEN) -> None:
        super().__init__()
        full, half, quarter, eighth = widths
        self.encoder = _Encoder(*seen)
        self.sharpness = nn.Parameter(torch.tensor(12.0))
        self.trust = nn.Parameter(torch.tensor(1.0))
        self.at_full = _Layer(CUES, full)
        self.to_half = _Layer(full, half, stride=2)
        self.seen_half = nn.Conv2d(seen[0], half, 1)
        self.at_half = _Layer(half, half)
        self.to_quarter = _Layer(half, quarter, stride=2)
        self.seen_quarter = nn.Conv2d(seen[1] + 2 * MATCHES, quarter, 1)
        self.at_quarter = _Layer(quarter, quarter)
        self.to_eighth = _Layer(quarter, eighth, stride=2)
        self.seen_eighth = nn.Conv2d(seen[2], eighth, 1)
        self.at_eighth = nn.Sequential(_Layer(eighth, eighth), _Layer(eighth, eighth, dilation=2))
        self.up_quarter = nn.Conv2d(eighth, quarter, 1)
        self.back_quarter = _Layer(quarter, quarter)
        self.up_half = nn.Conv2d(quarter, half, 1)
        self.back_half = _Layer(half, half)
        self.up_full = nn.Conv2d(half, full, 1)
        self.back_full = _Layer(full, full)
        self.last = nn.Conv2d(full, 1, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    @classmethod
    def as_wide_as(cls, weights: Mapping[str, Tensor]) -> TrackerNetwork:
        """Return a network whose layers are as wide as `weights` say, or as usual where these do not say it."""

        def width(name: str, usual: int) -> int:
            return len(weights[name]) if name in weights and weights[name].ndim else usual

        return cls(
            (
                width("at_full.norm.weight", WIDTHS[0]),
                width("seen_half.bias", WIDTHS[1]),
                width("seen_quarter.bias", WIDTHS[2]),
                width("seen_eighth.bias", WIDTHS[3]),
            ),
            (
                width("encoder.at_half.norm.weight", SEEN[0]),
                width("encoder.at_quarter.0.norm.weight", SEEN[1]),
                width("encoder.at_eighth.0.norm.weight", SEEN[2]),
            ),
        )

    @classmethod
    def holding(cls, weights: Mapping[str, Tensor]) -> TrackerNetwork:
        """Return the network that has `weights`, as wide as they are."""
        network = cls.as_wide_as(weights)
        network.load_state_dict(weights)
        return network

    def forward(
        self, seen: Features, cues: Tensor, odds: Tensor, given: Remembered, last: Remembered
    ) -> tuple[Tensor, Tensor]:
        """Return the log odds of each pixel and those of the two matches.

        seen:  of the window as it is now
        cues:  (B, 16, h, w): Lab, the evidence, see `refiner.cues`
        odds:  (B, 1, h, w), log odds of the evidence alone
        given: of the frames a person gave
        last:  of the last frame handled

        Returns (B, 1, h, w) and (B, 2, h / 4, w / 4).
        """
        of_given, of_last = self.match(seen.keys, given), self.match(seen.keys, last)
        matches = torch.cat([of_given, of_last], dim=1)
        full = self.at_full(cues)
        half = self.at_half(_sum(self.seen_half(seen.half), self.to_half(full)))
        quarter = _sum(self.seen_quarter(torch.cat([seen.quarter, matches], dim=1)), self.to_quarter(half))
        quarter = self.at_quarter(quarter)
        eighth = self.at_eighth(_sum(self.seen_eighth(seen.eighth), self.to_eighth(quarter)))
        quarter = self.back_quarter(_sum(_twice(self.up_quarter(eighth)), quarter))
        half = self.back_half(_sum(_twice(self.up_half(quarter)), half))
        full = self.back_full(_sum(_twice(self.up_full(half)), full))
        compared = torch.stack([of_given[:, 0], of_last[:, 0]], dim=1) / MASS_SCALE
        return self.trust * odds + self.last(full), compared

    def folded(self) -> TrackerNetwork:
        """Return the network for use, its normalisations folded into its convolutions."""
        # With the channels of a pixel side by side a CPU needs no copies between two convolutions.
        return folded(self, "convolution").to(memory_format=torch.channels_last)

    def match(self, keys: Tensor, remembered: Remembered) -> Tensor:
        """Return (B, 3, h / 4, w / 4): log odds, object's and ground's log mass of what is remembered."""
        batch, _, height, width = keys.shape
        sharpness = self.sharpness.reshape(1, 1, 1)
        asked = sharpness * keys.flatten(2)
        # Keys are no longer than 1, so the exponential never overflows, and what it is too large by is taken off the
        # few sides. In place and by parts: all at once it is the largest array by far, and memory costs more than the
        # arithmetic.
        sides = torch.stack([remembered.inside, 1 - remembered.inside], dim=1) * torch.exp(-sharpness)
        parts = [sides @ torch.bmm(remembered.keys, part).exp_() for part in torch.split(asked, PART, dim=2)]
        masses = torch.log(torch.cat(parts, dim=2) + MASS_FLOOR).reshape(batch, 2, height, width)
        odds = masses[:, :1] - masses[:, 1:]
        return MASS_SCALE * torch.cat([odds, masses], dim=1)


def remember(keys: Tensor, inside: Tensor) -> Remembered:
    """Return the places of a frame at an eighth of the window's size.

    keys: (B, 32, h / 4, w / 4); inside: (B, 1, h, w) in [0, 1]
    """
    pooled = functional.avg_pool2d(keys, 2).flatten(2).transpose(1, 2)
    return Remembered(pooled, functional.avg_pool2d(inside, 8).flatten(1))


def _sum(new: Tensor, other: Tensor) -> Tensor:
    """Return the sum, in the place of `new`: memory for another map costs more than the addition.

    For what a linear layer made, which does not ask for it again when gradients are taken.
    """
    return new.add_(other)


def _twice(image: Tensor) -> Tensor:
    return functional.interpolate(image, scale_factor=2.0, mode="bilinear", align_corners=False)
