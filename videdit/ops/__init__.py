"""Pure functions on arrays: the same arrays in, the same arrays out, nothing kept, nothing changed in place."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videdit.ops.blurring import blur_within
    from videdit.ops.cleaning import close_pinholes, drop_specks
    from videdit.ops.compositing import composite
    from videdit.ops.distance import distance_to, signed_distance
    from videdit.ops.feathering import feather
    from videdit.ops.flow import optical_flow, warp
    from videdit.ops.grain import grain_of
    from videdit.ops.growing import grow
    from videdit.ops.lengths import Length, SignedLength, length_px
    from videdit.ops.padding import pad_to_multiple
    from videdit.ops.parts import are_parts
    from videdit.ops.regions import align_region
    from videdit.ops.shaped_masks import alpha_of, shape_masks
    from videdit.ops.shaping import MaskShaping
    from videdit.ops.smoothing import smooth_in_time

_HOMES = {
    "videdit.ops.blurring": ["blur_within"],
    "videdit.ops.cleaning": ["close_pinholes", "drop_specks"],
    "videdit.ops.compositing": ["composite"],
    "videdit.ops.distance": ["distance_to", "signed_distance"],
    "videdit.ops.feathering": ["feather"],
    "videdit.ops.flow": ["optical_flow", "warp"],
    "videdit.ops.grain": ["grain_of"],
    "videdit.ops.growing": ["grow"],
    "videdit.ops.lengths": ["Length", "SignedLength", "length_px"],
    "videdit.ops.padding": ["pad_to_multiple"],
    "videdit.ops.parts": ["are_parts"],
    "videdit.ops.regions": ["align_region"],
    "videdit.ops.shaped_masks": ["alpha_of", "shape_masks"],
    "videdit.ops.shaping": ["MaskShaping"],
    "videdit.ops.smoothing": ["smooth_in_time"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Length", "MaskShaping", "SignedLength", "align_region", "alpha_of", "are_parts", "blur_within", "close_pinholes",
    "composite", "distance_to", "drop_specks", "feather", "grain_of", "grow", "length_px", "optical_flow",
    "pad_to_multiple", "shape_masks", "signed_distance", "smooth_in_time", "warp",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Looked up when asked for: a plug-in that declares a Length among its options need not load OpenCV for it.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'videdit.ops' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
