"""The sides of `xmem.py`: the published implementation and videdit's, at work on the same clip."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from golden import reference_module

from videdit.checkpoints import load_strict
from videdit.frames import ArrayFrames, Mask
from videdit.runtime import Runtime
from videdit_plugins.xmem.engine import XMemTracker
from videdit_plugins.xmem.memory import group
from videdit_plugins.xmem.network.folding import fold_norms
from videdit_plugins.xmem.network.network import Widths, XMem
from videdit_plugins.xmem.options import XMemOptions

EVERY = 5
CONFIG = {
    "mem_every": EVERY,
    "deep_update_every": -1,
    "enable_long_term": True,
    "enable_long_term_count_usage": True,
    "max_mid_term_frames": 10,
    "min_mid_term_frames": 5,
    "num_prototypes": 128,
    "max_long_term_elements": 10_000,
    "hidden_dim": 64,
    "top_k": 30,
    "key_dim": 64,
    "value_dim": 512,
}


class Side(Protocol):
    """One implementation at work on the clip; `parts` gathers the seconds of its parts."""

    parts: dict[str, float]

    def prepare(self, index: int) -> None:
        """Do what is not counted."""

    def frame(self, index: int, given: dict[int, Mask]) -> Any:
        """Handle one frame and return the probabilities (H, W) of each object, None on the first."""

    def remark(self) -> str:
        """Return what is worth saying at the end."""


class Ours:
    """videdit's tracker, all that it does for a frame included."""

    def __init__(self, network: XMem, frames: ArrayFrames, options: XMemOptions, device: str, split: bool) -> None:
        self.parts: dict[str, float] = defaultdict(float)
        self._frames = frames
        self._tracker = XMemTracker(options, Runtime(device=device, note=print), network)
        places = [
            (network, "encode_frames", "key encoder"),
            (network, "decode", "decoder"),
            (network, "encode_objects", "value encoder"),
            (group, "read", "memory read"),
        ]
        self._clocked = places if split else []
        self._device = device
        self._network = network

    def prepare(self, index: int) -> None:
        pass

    def frame(self, index: int, given: dict[int, Mask]) -> Any:
        with _clocked(self._clocked, self.parts, self._device):
            if index == 0:
                self._tracker.start(self._frames, 0, given)
                return None
            found = self._tracker.step(index)
            for object_id, mask in given.items():
                self._tracker.adopt(index, object_id, mask)
        return [one.probability for one in found.values()]

    def remark(self) -> str:
        refused = None if self._network.graphs is None else self._network.graphs.refused
        return "" if refused is None else f"CUDA graphs were refused: {type(refused).__name__}: {refused}"


class Published:
    """The published implementation, with what its evaluation program does around each frame."""

    def __init__(
        self, folder: Path, state: dict[str, torch.Tensor], frames: ArrayFrames, device: str, split: bool, amp: bool
    ) -> None:
        self.parts: dict[str, float] = defaultdict(float)
        sys.path.insert(0, str(folder))
        from inference.inference_core import InferenceCore  # type: ignore[import-not-found]
        from model import resnet  # type: ignore[import-not-found]
        from model.network import XMem as Network  # type: ignore[import-not-found]

        resnet.load_weights_add_extra_dim = lambda *_: None  # the constructor would download two other networks
        resnet.model_zoo.load_url = lambda *_: {}
        network = Network(dict(CONFIG)).to(device).eval()
        network.load_state_dict(state)
        self._core = InferenceCore(network, dict(CONFIG))
        self._frames = frames
        self._device = device
        self._amp = amp
        self._image = torch.empty(0)
        self._mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        self._deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        places = [
            (network, "encode_key", "key encoder"),
            (network, "segment", "decoder"),
            (network, "encode_value", "value encoder"),
            (self._core.memory, "match_memory", "memory read"),
        ]
        self._clocked = places if split else []

    def prepare(self, index: int) -> None:
        image = torch.from_numpy(self._frames[index].rgb).permute(2, 0, 1).float() / 255
        self._image = (image - self._mean) / self._deviation

    @torch.inference_mode()
    def frame(self, index: int, given: dict[int, Mask]) -> Any:
        kind = torch.device(self._device).type
        with (
            _clocked(self._clocked, self.parts, self._device),
            torch.autocast(kind, torch.float16 if kind == "cuda" else torch.bfloat16, enabled=self._amp),
        ):
            mask = labels = None
            if given:
                mask = torch.from_numpy(np.stack(list(given.values()))).float().to(self._device)
                labels = list(given)
                self._core.set_all_labels(labels)
            # What it predicts is overwritten where a mask is given, so it is taken from inside.
            kept: list[torch.Tensor] = []
            segment = self._core.network.segment

            def keeping(*arguments: Any, **named: Any) -> Any:
                answer = segment(*arguments, **named)
                kept.append(answer[2][0].clone())
                return answer

            self._core.network.segment = keeping
            self._core.step(self._image.to(self._device), mask, labels if index == 0 else None)
            self._core.network.segment = segment
            if not kept:
                return None
            left, right, top, bottom = self._core.pad
            height, width = kept[0].shape[-2:]
            probability = kept[0][:, top : height - bottom, left : width - right]
            probability.argmax(dim=0).cpu().numpy()
            return probability[1:].cpu().numpy()

    def remark(self) -> str:
        return ""


def make_side(
    name: str, folder: Path, state: dict[str, torch.Tensor], frames: ArrayFrames, device: str, split: bool
) -> Side:
    """name: "published", "published:amp", or a precision of ours, then options: "bfloat16:short_side_px=480"."""
    first, *rest = name.split(":")
    if first == "published":
        return Published(folder, state, frames, device, split, "amp" in rest)
    options = {"precision": first, "short_side_px": min(frames.size), **dict(one.split("=") for one in rest)}
    return Ours(own_network(state), frames, XMemOptions.model_validate(options), device, split)


@contextmanager
def _clocked(places: list[tuple[Any, str, str]], parts: dict[str, float], device: str) -> Iterator[None]:
    """Add to `parts` the time of the functions named, while the block runs."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for (owner, name, call), (_, _, part) in zip(before, places, strict=True):
        setattr(owner, name, _timed(call, part, parts, device))
    try:
        yield
    finally:
        for owner, name, call in before:
            setattr(owner, name, call)


def _timed(call: Callable[..., Any], part: str, parts: dict[str, float], device: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        began = _now(device)
        answer = call(*arguments, **named)
        parts[part] += _now(device) - began
        return answer

    return timed


def _now(device: str) -> float:
    """Return processor time; on a GPU the time of day, once the device has caught up."""
    if not device.startswith("cuda"):
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def own_network(state: dict[str, torch.Tensor]) -> XMem:
    network = XMem(Widths.of(state, "reference weights"))
    load_strict(network, state, "reference weights")
    fold_norms(network.eval())
    return network.requires_grad_(False)


def clip(
    frames: int, size: tuple[int, int], objects: int, pictures: int = 12
) -> tuple[ArrayFrames, Callable[[int], dict[int, Mask]]]:
    """Return a clip, and what its objects' true masks are by frame: bands of a disc that moves to and fro."""
    pictures = min(pictures, frames)
    pixels, discs = reference_module().reference_clip(pictures, *size)
    there_and_back = [*range(pictures), *range(pictures - 2, 0, -1)] or [0]
    order = [there_and_back[index % len(there_and_back)] for index in range(frames)]
    rows = np.arange(size[0])[:, None] * objects // size[0]
    masks = [{one + 1: disc.astype(bool) & (rows == one) for one in range(objects)} for disc in discs]
    return ArrayFrames([pixels[one] for one in order]), lambda index: masks[order[index]]
