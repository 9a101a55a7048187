"""Which numbers the network multiplies in."""

from __future__ import annotations

import torch
from torch import nn

from videdit.errors import OptionError
from videdit.quantization import quantize, worth_it
from videdit.runtime import Quality
from videdit_plugins.xmem.options import Precision


def reduced_precision(precision: Precision, device: str, quality: Quality) -> torch.dtype | None:
    """Return the reduced precision to use, or None for float32.

    auto: on CUDA bfloat16, or float16 on cards without it; on a CPU bfloat16 only where the processor multiplies it
    faster than float32, and not for quality "best"; float32 elsewhere
    int8: None, for what is not in integers is in float32; see `in_integers`
    Raises OptionError for float16 on a CPU.
    """
    kind = torch.device(device).type
    if precision == "float16" and kind == "cpu":
        raise OptionError("a CPU does not track in float16", next_step="set precision to bfloat16, float32 or auto")
    if precision != "auto":
        return {"float32": None, "int8": None, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if kind == "cpu" and quality != "best" and _cpu_is_faster_in_bfloat16():
        return torch.bfloat16
    return None


def store_reduced(network: nn.Module, dtype: torch.dtype) -> None:
    """Round the weights that are multiplied in `dtype` once and for all, in place of anew for every frame."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.to(dtype)


def in_integers(network: nn.Module, device: str) -> None:
    """Put the convolutions that carry the load into 8-bit integers. Raises OptionError where that cannot be.

    Keys stay in float32: memory is searched by them.
    """
    quantize(network, device, lambda name, layer: worth_it(layer) and not name.startswith("key_proj."))


def _cpu_is_faster_in_bfloat16() -> bool:
    """Say so by what the processor is; measuring it could go another way when a run is taken up again."""
    ask = getattr(torch.cpu, "get_capabilities", None)  # absent from older releases of PyTorch
    if ask is None:
        return False
    known = ask()
    # Intel's AVX-512 instructions for bfloat16 are no faster than those for float32; its matrix units are.
    with_vectors = bool(known.get("avx512_bf16")) and "intel" not in str(known.get("cpu_name", "")).lower()
    return with_vectors or bool(known.get("amx_bf16")) or bool(known.get("bf16"))
