"""Blocks in which the tokens of all frames look at one another, window by window."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from videdit_e2fgvi.batches import by_parts, frames_at_once
from videdit_e2fgvi.split import PATCH, WIDTH, Size, fold, overlaps, unfold
from videdit_e2fgvi.windows import AREA, beyond_window, to_windows, window_tables

HEADS = 4
_HIDDEN = 1960
_GATHERED_BYTES = 128 << 20
_GATHERED_BYTES_ON_GPU = 512 << 20
"""How much of keys and values is gathered at once; bounds the memory, changes no result."""
_FRAMES_AT_ONCE_ON_CPU = 4


class WindowAttention(nn.Module):
    """Attention from a window of all frames to itself, its surroundings and, pooled, to what is far away."""

    valid_ind_rolled: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        # In the published files, hence in the state; it always holds what is computed here.
        self.register_buffer("valid_ind_rolled", beyond_window())

    def forward(self, tokens: Tensor, pooled: Tensor, wanted: int) -> Tensor:
        """Return what each token of the first `wanted` frames draws from all frames.

        tokens: (N, T, rows, columns, 512), normalised
        pooled: (N, T, windows, 512), one token for each window

        Returns (N, wanted, rows, columns, 512).
        """
        batch, frames, rows, columns, width = tokens.shape
        tables = window_tables(rows, columns, tokens.device)
        near = torch.cat([tables.own, tables.rolled[:, self.valid_ind_rolled]], dim=1)
        seen = functional.pad(tables.there, (near.shape[1], 0), value=True).repeat(1, frames)
        asked, offered = self.qkv(tokens.flatten(2, 3)).split((width, 2 * width), dim=-1)
        asked, offered_pooled = asked[:, :wanted], self.qkv(pooled)[..., width:]
        out = torch.empty_like(asked, memory_format=torch.contiguous_format)
        bytes_each = batch * frames * (near.shape[1] + tables.pooled.shape[1]) * 2 * width * tokens.element_size()
        gathered = _GATHERED_BYTES if tokens.device.type == "cpu" else _GATHERED_BYTES_ON_GPU
        at_once = max(1, gathered // bytes_each)
        for start in range(0, near.shape[0], at_once):
            chunk = slice(start, start + at_once)
            own = tables.own[chunk]
            query = _by_head(asked[:, :, own])
            both = torch.cat([offered[:, :, near[chunk]], offered_pooled[:, :, tables.pooled[chunk]]], dim=3)
            key, value = (_by_head(part) for part in both.chunk(2, dim=-1))
            allowed = seen[chunk].repeat(batch, 1)[:, None, None]
            drawn = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed)
            # (N * windows, heads, frames * 45, 128) back to places in the grid.
            drawn = drawn.transpose(1, 2).reshape(batch, -1, wanted, AREA, width)
            out[:, :, own] = drawn.transpose(1, 2)
        mixed: Tensor = self.proj(out)
        return mixed.view(batch, wanted, rows, columns, width)


def _by_head(gathered: Tensor) -> Tensor:
    """Bring (N, T, windows, places, 512) to (N * windows, heads, T * places, 128)."""
    batch, frames, windows, places, width = gathered.shape
    together = gathered.transpose(1, 2).reshape(batch * windows, frames * places, HEADS, width // HEADS)
    return together.transpose(1, 2)


class FusionFeedForward(nn.Module):
    """A feed-forward layer whose hidden patches are laid over one another and averaged, frame by frame."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(nn.Linear(WIDTH, _HIDDEN))
        self.conv2 = nn.Sequential(nn.GELU(), nn.Linear(_HIDDEN, WIDTH))

    def forward(self, tokens: Tensor, size: Size) -> Tensor:
        """Return new tokens for (N, rows, columns, 512); `size` is that of the feature maps."""
        hidden = self.conv1(tokens.flatten(1, 2))
        fused = unfold(fold(hidden, size) / overlaps(size, hidden))
        new: Tensor = self.conv2(fused)
        return new.view_as(tokens)


class Block(nn.Module):
    """Attention, then the feed-forward layer, each added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attn = WindowAttention()
        self.pool_layers = nn.ModuleList([nn.Linear(AREA, 1)])
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = FusionFeedForward()

    def forward(self, tokens: Tensor, size: Size, wanted: int) -> Tensor:
        """Return the new tokens of the first `wanted` frames.

        tokens: (N, T, rows, columns, 512)
        size:   height and width of the feature maps
        """
        normal = self.norm1(tokens)
        windows = to_windows(normal.permute(0, 1, 4, 2, 3))
        pooled = self.pool_layers[0](windows).squeeze(-1).transpose(2, 3)
        del windows
        tokens = tokens[:, :wanted] + self.attn(normal, pooled, wanted)
        flat = tokens.flatten(0, 1)
        at_once = _FRAMES_AT_ONCE_ON_CPU if flat.device.type == "cpu" else frames_at_once(flat.device, size)
        fed = by_parts(lambda part: self.mlp(self.norm2(part), size), flat, at_once)
        return tokens + fed.view_as(tokens)


assert _HIDDEN % (PATCH * PATCH) == 0
