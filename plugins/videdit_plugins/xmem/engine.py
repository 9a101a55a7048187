"""The tracker: XMem as videdit calls it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from videdit.errors import OptionError, ShapeError
from videdit.frames import Descriptor, FrameSequence, Mask
from videdit.runtime import Runtime
from videdit.tracker import Tracked, Tracker
from videdit_plugins.xmem.aggregation import strongest
from videdit_plugins.xmem.ahead import EncodedFrames
from videdit_plugins.xmem.geometry import Geometry
from videdit_plugins.xmem.memory.group import Limits
from videdit_plugins.xmem.network.graphs import Graphs
from videdit_plugins.xmem.network.network import STRIDE, XMem
from videdit_plugins.xmem.network.winograd import quicken
from videdit_plugins.xmem.options import XMemOptions
from videdit_plugins.xmem.precision import in_integers, reduced_precision, store_reduced
from videdit_plugins.xmem.propagation import Prediction, Propagation
from videdit_plugins.xmem.scoring import assess
from videdit_plugins.xmem.state import State, Told, pack, unpack

AHEAD_ON_ACCELERATOR = 4
MEBIBYTE = 1 << 20


class XMemTracker(Tracker):
    """Tracks with XMem. What is said of a frame is taken up when the next one is asked for."""

    def __init__(self, options: XMemOptions, runtime: Runtime, network: XMem) -> None:
        self._options = options
        self._device = runtime.device
        self._note = runtime.note
        network.reduced = reduced_precision(options.precision, runtime.device, runtime.quality)
        if options.precision == "int8":
            in_integers(network, runtime.device)
        elif options.winograd and network.reduced is None and torch.device(runtime.device).type == "cpu":
            quicken(network)
        layout = torch.channels_last if options.channels_last else torch.contiguous_format
        self._network: XMem = network.to(device=runtime.device, memory_format=layout)  # type: ignore[call-overload]
        if network.reduced is not None:
            store_reduced(network, network.reduced)
        network.graphs = Graphs() if options.cuda_graphs and torch.device(runtime.device).type == "cuda" else None
        self._limits = _limits(options, runtime.memory_budget_bytes)
        self._looked_at: tuple[FrameSequence, EncodedFrames] | None = None
        self.reset()

    # -- Tracker ----------------------------------------------------------------------------------------------------

    def start(self, frames: FrameSequence, index: int, masks: Mapping[int, Mask]) -> None:
        self.reset()
        if index not in frames.shot:
            raise OptionError(f"frame {index} lies outside the shot [{frames.shot.start}, {frames.shot.stop})")
        self._open(frames, self._at_once())
        self._index = index
        for object_id, mask in sorted(masks.items()):
            self.add(index, object_id, mask)

    @torch.inference_mode()
    def step(self, index: int) -> dict[int, Tracked]:
        encoded = self._started()
        if abs(index - self._index) != 1:
            raise OptionError(f"frame {index} is not beside frame {self._index}, the last one handled")
        self._settle(encoded)
        frame = encoded[index]
        self._index = index
        self._propagation.advance()
        prediction = self._propagation.predict(frame)
        return {} if prediction is None else self._tracked(prediction)

    def correct(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index)
        if object_id not in self._known():
            raise OptionError(f"object {object_id} is not being tracked", next_step="call add() first")
        self._told.given[object_id] = self._inner(object_id, mask)
        self._told.passing.discard(object_id)

    def adopt(self, index: int, object_id: int, mask: Mask) -> None:
        self.correct(index, object_id, mask)
        self._told.passing.add(object_id)

    def add(self, index: int, object_id: int, mask: Mask) -> None:
        self._at(index)
        given = self._inner(object_id, mask)
        self.forget(object_id)
        self._told.given[object_id] = given

    def confirm(self, index: int, object_id: int, mask: Mask) -> None:
        self._started()
        if object_id not in self._known():
            return
        if index == self._index:
            self.correct(index, object_id, mask)
            return
        waiting = sum(object_id in masks for masks in self._told.confirmed.values())
        if waiting >= self._limits.max_permanent:
            self._say_full()  # a film with a mask for every frame would fill the machine's memory
            return
        self._told.confirmed.setdefault(index, {})[object_id] = self._inner(object_id, mask)

    def forget(self, object_id: int) -> None:
        self._propagation.forget(object_id)
        self._told.forget(object_id)

    def reset(self) -> None:
        self._encoded: EncodedFrames | None = None
        self._geometry = Geometry((1, 1), 1)
        self._index = -1
        self._told = Told()
        self._said_full = False
        self._propagation = Propagation(self._network, self._limits, memory_every=self._options.memory_every_frames)

    def snapshot(self) -> bytes:
        at_once = self._started().at_once
        return pack(State(self._index, at_once, self._geometry.size, self._propagation.run, self._told))

    def restore(self, frames: FrameSequence, state: bytes) -> None:
        kept = unpack(state, self._device)
        if kept.size != frames.size:
            raise OptionError(f"the tracker's state is of frames of {kept.size}, these are {frames.size}")
        self.reset()
        self._open(frames, kept.at_once)
        self._index, self._told = kept.index, kept.told
        self._propagation.run = kept.run

    @torch.inference_mode()
    def describe(self, frames: FrameSequence, index: int, mask: Mask) -> Descriptor | None:
        """Return the mean key inside the mask."""
        if not mask.any():
            return None
        geometry = Geometry(frames.size, self._options.short_side_px, self._device)
        if self._looked_at is None or self._looked_at[0] is not frames:
            self._looked_at = (frames, EncodedFrames(self._network, frames, geometry, 1, self._note))
        key = self._looked_at[1][index].features.key[0]
        covered = functional.avg_pool2d(geometry.mask(mask)[None], STRIDE)[0].to(key.device)
        pooled = functional.normalize((key * covered).sum(dim=(1, 2)), dim=0)
        return np.asarray(pooled.cpu().numpy(), np.float32)

    # -- parts of a step --------------------------------------------------------------------------------------------

    def _settle(self, encoded: EncodedFrames) -> None:
        """Take up what was said of the present frame, and of others."""
        told, self._told = self._told, Told()
        self._propagation.settle(encoded[self._index], told.given, told.passing)
        for index, masks in sorted(told.confirmed.items()):
            if masks:
                self._propagation.confirm(encoded[index], masks)
        if self._propagation.refused:
            self._say_full()

    def _say_full(self) -> None:
        if not self._said_full:
            self._note(
                f"XMem keeps at most {self._limits.max_permanent} drawn frames of an object for good; "
                "raise max_confirmed_frames to keep more."
            )
        self._said_full = True

    def _tracked(self, prediction: Prediction) -> dict[int, Tracked]:
        probability = self._geometry.cropped(torch.softmax(prediction.logits, dim=0))
        full = self._geometry.enlarged(probability)
        winner = strongest(full)
        masks = torch.stack([winner == column for column in range(1, len(full))])
        # From here on the device is waited for.
        judged = assess(probability, prediction.concentration)
        found, certain = masks.cpu().numpy(), full[1:].cpu().numpy()
        support = np.clip(self._geometry.of_places(prediction.support), 0, 1)
        return {
            object_id: Tracked(found[row], one.score, certain[row], one.evidence, support[row])
            for row, (object_id, one) in enumerate(zip(prediction.objects, judged, strict=True))
        }

    def _known(self) -> set[int]:
        return {*self._propagation.run.hidden, *self._told.given}

    def _inner(self, object_id: int, mask: Mask) -> Tensor:
        try:
            return self._geometry.mask(mask).to(self._device)
        except ShapeError as error:
            raise ShapeError(error.what, where=f"object {object_id}") from error

    # -- opening and checks -----------------------------------------------------------------------------------------

    def _open(self, frames: FrameSequence, at_once: int) -> None:
        self._geometry = Geometry(frames.size, self._options.short_side_px, self._device)
        self._encoded = EncodedFrames(self._network, frames, self._geometry, at_once, self._note)

    def _at_once(self) -> int:
        if self._options.ahead_frames:
            return self._options.ahead_frames
        return 1 if self._device == "cpu" else AHEAD_ON_ACCELERATOR

    def _started(self) -> EncodedFrames:
        if self._encoded is None:
            raise OptionError("the tracker has not been started", next_step="call start() first")
        return self._encoded

    def _at(self, index: int) -> None:
        self._started()
        if index != self._index:
            raise OptionError(f"frame {index} is not frame {self._index}, the last one handled")


def _limits(options: XMemOptions, budget_bytes: int | None) -> Limits:
    matrix_bytes = options.affinity_mebibytes * MEBIBYTE
    if budget_bytes is not None:
        matrix_bytes = max(MEBIBYTE, min(matrix_bytes, budget_bytes // 8))
    return Limits(
        max_working=options.max_working_frames,
        min_working=options.min_working_frames,
        prototypes=options.prototypes,
        max_long=options.max_long_term,
        long_term=options.long_term,
        max_permanent=options.max_confirmed_frames,
        top_k=options.top_k,
        matrix_bytes=matrix_bytes,
    )
