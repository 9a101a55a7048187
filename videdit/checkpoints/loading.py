"""Read a file of weights, and put it into a network, strictly."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from videdit.checkpoints.registry import Layout, WeightsOnly
from videdit.devices import is_out_of_memory
from videdit.errors import CheckpointError, CorruptCheckpoint, MissingCheckpoint

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

T = TypeVar("T")
_SHOWN_NAMES = 5
_KEYS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "model": ("model",),
    "state_dict": ("state_dict",),
    "model or state_dict": ("state_dict", "model"),
}


def load_state_dict(
    path: Path, layout: Layout = "plain", weights_only: WeightsOnly = "tensors"
) -> dict[str, torch.Tensor]:
    """Read the tensors of a file into main memory, by name, without running anything the file says.

    layout:       what lies in the file; the key that holds the tensors is taken off, and the prefix "module." where
                  every name has it
    weights_only: what its pickle may name besides; the file is never unpickled without that restraint

    Raises MissingCheckpoint if there is no file, CorruptCheckpoint if it is no such file or names anything else,
    CheckpointError for layouts of other tools.
    """
    _check_there(path)
    if layout == "safetensors":
        from safetensors.torch import load_file

        return _without_module(_read_safetensors(path, load_file))
    if layout not in _KEYS or weights_only == "not-torch":
        raise CheckpointError(f"files of layout {layout!r} hold no tensors that PyTorch reads", where=str(path))
    content = _read_torch(path, weights_only)
    for key in _KEYS[layout]:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    else:
        if _KEYS[layout]:
            raise CorruptCheckpoint(f"holds nothing under {' or '.join(map(repr, _KEYS[layout]))}", where=str(path))
    return _without_module(_tensors(content, path))


def load_strict(module: torch.nn.Module, state_dict: Mapping[str, torch.Tensor], name: str) -> None:
    """Put the tensors into `module`; every name must be there, none too many, every shape the same.

    name: what the file is called, for the error

    Raises CorruptCheckpoint that names at most five of each kind of fault; the module is then unchanged.
    """
    _check_shapes({key: tuple(value.shape) for key, value in module.state_dict().items()}, state_dict, name)
    module.load_state_dict(state_dict, strict=True)


def load_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """Read a safetensors file without torch: arrays by name, as float32.

    shapes: what must be in it, none missing, none too many, every shape the same

    Raises MissingCheckpoint if there is no file, CorruptCheckpoint if it is no such file or holds anything else.
    """
    import numpy as np
    from safetensors.numpy import load_file

    _check_there(path)
    arrays = _read_safetensors(path, load_file)
    _check_shapes(shapes, arrays, str(path))
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def _check_shapes(own: Mapping[str, tuple[int, ...]], given: Mapping[str, Any], name: str) -> None:
    """Raise CorruptCheckpoint unless `given` has tensors of the same names and shapes as `own`."""
    wrong = [
        f"{key} is {tuple(given[key].shape)}, not {shape}"
        for key, shape in own.items()
        if key in given and tuple(given[key].shape) != shape
    ]
    faults = [
        _faults("missing", [key for key in own if key not in given]),
        _faults("unexpected", [key for key in given if key not in own]),
        _faults("of another shape", wrong),
    ]
    if any(faults):
        raise CorruptCheckpoint(
            f"the weights do not fit the network: {'; '.join(filter(None, faults))}",
            where=name,
            next_step="the file is of another network or version: fetch the one that videdit knows",
        )


def _faults(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return f"{kind}: {', '.join(names[:_SHOWN_NAMES])}{more}"


def _read_torch(path: Path, weights_only: WeightsOnly) -> Any:
    import torch

    allowed = _numpy_globals() if weights_only == "numpy-scalars" else []
    try:
        with torch.serialization.safe_globals(allowed) if allowed else contextlib.nullcontext():
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises nearly anything for a file that is cut short or of another kind.
        if is_out_of_memory(error):
            raise
        named = re.search(r"GLOBAL (\S+)", str(error))
        fault = (
            f"asks for {named[1]} besides tensors, which is refused for safety"
            if named
            else f"is no file of PyTorch weights, or is cut short ({type(error).__name__})"
        )
        raise CorruptCheckpoint(fault, where=str(path), next_step=_FETCH) from error


_FETCH = "delete it and fetch it anew with `videdit checkpoints pull`"


def _numpy_globals() -> list[Any]:
    """What a pickled numpy scalar names: its maker under the module names of numpy 1 and 2, and its dtype."""
    import _codecs

    import numpy as np
    from numpy._core.multiarray import scalar

    dtypes = [type(np.dtype(kind)) for kind in ("float32", "float64", "int32", "int64", "bool")]
    encode: Any = _codecs.encode
    return [
        (scalar, "numpy.core.multiarray.scalar"),
        (scalar, "numpy._core.multiarray.scalar"),
        np.dtype,
        encode,
        *dtypes,
    ]


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise MissingCheckpoint("there is no such file of weights", where=str(path))


def _read_safetensors(path: Path, load: Callable[[Path], dict[str, T]]) -> dict[str, T]:
    """Read with `load`, safetensors' own function for the kind of arrays wanted."""
    from safetensors import SafetensorError

    try:
        return load(path)
    except (SafetensorError, OSError, KeyError) as error:
        # A KeyError is a type of number that the kind of arrays does not have.
        raise CorruptCheckpoint(f"is no safetensors file ({error})", where=str(path), next_step=_FETCH) from error


def _tensors(content: Any, path: Path) -> dict[str, torch.Tensor]:
    import torch

    if not isinstance(content, Mapping) or not content:
        raise CorruptCheckpoint("holds no tensors by name", where=str(path))
    others = [str(name) for name, value in content.items() if not isinstance(value, torch.Tensor)]
    if others:
        raise CorruptCheckpoint(_faults("holds other things than tensors", others), where=str(path))
    return dict(content)


def _without_module(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take off the prefix that training on several devices leaves, if every name has it."""
    prefix = "module."
    if not _all_begin(tensors, prefix):
        return tensors
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def _all_begin(names: Iterable[str], prefix: str) -> bool:
    return all(name.startswith(prefix) for name in names)
