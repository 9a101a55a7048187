"""Deterministic weights for parity checks: the same tensor for the same parameter name, everywhere.

`reference_state_dict(manifest)` reads a `*_state_dict.tsv` (name, shape, dtype, ...) and returns name -> torch tensor.
The reference outputs in this folder were computed by the published networks loaded with exactly these weights, in
float32 on a CPU.

Rule, by name and shape (numpy RandomState(crc32(name)) draws, float64, then cast):
  *num_batches_tracked             zero
  any other integer tensor         left out: an index table that the network computes itself, kept as it built it
  *running_mean                    0.1 * normal
  *running_var                     0.5 + uniform[0, 1)
  1-D *weight (norm layers)        1 + 0.1 * normal
  1-D, anything else               0.02 * normal
  names in FIXED                   the constants given there
  everything else                  normal * sqrt(GAIN / fan_in), fan_in = numel / shape[0]
"""

import zlib
from pathlib import Path

import numpy as np
import torch

GAIN = 1.0
FIXED = {"update_spynet.mean": [0.485, 0.456, 0.406], "update_spynet.std": [0.229, 0.224, 0.225]}


def reference_tensor(name: str, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    if not dtype.startswith("float"):
        return torch.zeros(shape, dtype=getattr(torch, dtype))
    if name in FIXED:
        return torch.tensor(FIXED[name], dtype=torch.float32).reshape(shape)
    draw = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        values = 0.5 + draw.random_sample(shape)
    elif name.endswith("running_mean"):
        values = 0.1 * draw.standard_normal(shape)
    elif len(shape) == 1:
        values = draw.standard_normal(shape)
        values = 1 + 0.1 * values if name.endswith("weight") else 0.02 * values
    else:
        fan_in = max(1, int(np.prod(shape)) // shape[0])
        values = draw.standard_normal(shape) * np.sqrt(GAIN / fan_in)
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def reference_state_dict(manifest: str | Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for line in Path(manifest).read_text().splitlines()[1:]:
        name, shape, dtype, *_ = line.split("\t")
        if not dtype.startswith("float") and not name.endswith("num_batches_tracked"):
            continue
        dims = () if shape == "()" else tuple(int(n) for n in shape.split(","))
        tensors[name] = reference_tensor(name, dims, dtype)
    return tensors


def reference_clip(frames: int, height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A moving textured disc over moving textured ground, with its true mask.

    Returns (T, H, W, 3) uint8 RGB and (T, H, W) uint8 in {0, 1}.
    """
    draw = np.random.RandomState(seed)
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float64)
    clip = np.empty((frames, height, width, 3), np.uint8)
    mask = np.empty((frames, height, width), np.uint8)
    phase = draw.uniform(0, 2 * np.pi, (2, 3, 4))
    freq = draw.uniform(0.05, 0.35, (2, 3, 4, 2))
    for t in range(frames):

        def texture(which, dy, dx):
            out = np.zeros((height, width, 3))
            for c in range(3):
                for k in range(4):
                    out[..., c] += np.sin(
                        freq[which, c, k, 0] * (yy + dy) + freq[which, c, k, 1] * (xx + dx) + phase[which, c, k]
                    )
            return out / 8 + 0.5

        ground = texture(0, 0.4 * t, 1.1 * t)
        thing = texture(1, -1.3 * t, -2.1 * t)
        cy, cx = height * 0.5 + 0.6 * t, width * 0.3 + 2.0 * t
        inside = (yy - cy) ** 2 + (xx - cx) ** 2 < (0.22 * height) ** 2
        frame = np.where(inside[..., None], thing, ground)
        clip[t] = np.clip(np.round(frame * 255), 0, 255).astype(np.uint8)
        mask[t] = inside
    return clip, mask
