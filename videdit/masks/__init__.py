"""Masks: one object's on one frame, all of a film, and the formats they come and go in."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from videdit.masks.entry import ORIGINS, MaskEntry, Origin
from videdit.masks.label_map import LabelMap
from videdit.masks.packed import PackedMask
from videdit.masks.packed_probability import PackedProbability
from videdit.masks.track import IN_MEMORY, MaskTrack
from videdit.masks.union import UnionMasks

if TYPE_CHECKING:
    from videdit.masks.binary_png import export_binary_png, import_binary_png
    from videdit.masks.coco import export_coco, import_coco
    from videdit.masks.exporting import Exported
    from videdit.masks.importing import Imported
    from videdit.masks.overlay import OverlayStyle, draw_overlay, object_colour
    from videdit.masks.palette_png import davis_palette, export_palette_png, import_palette_png
    from videdit.masks.scores import export_scores
    from videdit.masks.videos import export_alpha_video, export_overlay_video, import_alpha_video

_HOME_OF = {
    "Exported": "exporting",
    "Imported": "importing",
    "OverlayStyle": "overlay",
    "davis_palette": "palette_png",
    "draw_overlay": "overlay",
    "export_alpha_video": "videos",
    "export_binary_png": "binary_png",
    "export_coco": "coco",
    "export_overlay_video": "videos",
    "export_palette_png": "palette_png",
    "export_scores": "scores",
    "import_alpha_video": "videos",
    "import_binary_png": "binary_png",
    "import_coco": "coco",
    "import_palette_png": "palette_png",
    "object_colour": "overlay",
}

__all__ = [
    "IN_MEMORY", "ORIGINS", "Exported", "Imported", "LabelMap", "MaskEntry", "MaskTrack", "Origin", "OverlayStyle",
    "PackedMask", "PackedProbability", "UnionMasks", "davis_palette", "draw_overlay", "export_alpha_video",
    "export_binary_png", "export_coco", "export_overlay_video", "export_palette_png", "export_scores",
    "import_alpha_video", "import_binary_png", "import_coco", "import_palette_png", "object_colour",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # The formats bring Pillow, pycocotools and PyAV with them; the track needs none of these.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'videdit.masks' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"videdit.masks.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
