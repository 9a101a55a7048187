"""Pure functions on arrays: the same arrays in, the same arrays out, nothing kept, nothing changed in place."""

from videdit.ops.cleaning import close_pinholes, drop_specks
from videdit.ops.compositing import composite
from videdit.ops.distance import distance_to, signed_distance
from videdit.ops.feathering import feather
from videdit.ops.flow import optical_flow, warp
from videdit.ops.growing import grow
from videdit.ops.lengths import Length, SignedLength, length_px
from videdit.ops.padding import pad_to_multiple
from videdit.ops.regions import align_region
from videdit.ops.shaping import MaskShaping, alpha_of, shape_masks
from videdit.ops.smoothing import smooth_in_time

__all__ = [
    "Length",
    "MaskShaping",
    "SignedLength",
    "align_region",
    "alpha_of",
    "close_pinholes",
    "composite",
    "distance_to",
    "drop_specks",
    "feather",
    "grow",
    "length_px",
    "optical_flow",
    "pad_to_multiple",
    "shape_masks",
    "signed_distance",
    "smooth_in_time",
    "warp",
]
