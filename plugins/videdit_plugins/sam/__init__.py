"""Segment Anything: clicks, boxes, strokes and masks to a mask. Needs a checkpoint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from videdit.hookspecs import Register, hookimpl
from videdit.runtime import Runtime
from videdit_plugins.sam.options import SamOptions

if TYPE_CHECKING:
    from videdit.segmenter import Segmenter

OFFERS = {
    "sam-vit-b": (60, "Segment Anything, small: 0.4 GB"),
    "sam-vit-l": (61, "Segment Anything, middle: 1.2 GB"),
    "sam-vit-h": (62, "Segment Anything, large: 2.6 GB"),
}
"""Name of the engine, which is also its checkpoint's -> rank and summary; the larger, the better the masks."""


def _segmenter(checkpoint: str, options: SamOptions, runtime: Runtime) -> Segmenter:
    from videdit_plugins.sam.engine import SamSegmenter
    from videdit_plugins.sam.loading import load_model

    return SamSegmenter(options, runtime, load_model(runtime.find_checkpoint(checkpoint), checkpoint))


@hookimpl
def register_segmenters(register: Register) -> None:
    for name, (rank, summary) in OFFERS.items():
        register(name, partial(_segmenter, name), SamOptions, checkpoints=(name,), rank=rank, summary=summary)
