"""The E2FGVI networks for video completion, under the parameter names of the published weights.

Li, Lu, Qin, Guo and Cheng, "Towards an End-to-End Framework for Flow-Guided Video Inpainting", CVPR 2022.
Importing this package, or making a network, reads and fetches nothing.
"""

from __future__ import annotations

from videdit_e2fgvi.batches import frames_at_once
from videdit_e2fgvi.flow import quarter
from videdit_e2fgvi.network import E2FGVI, Flows, e2fgvi, e2fgvi_hq
from videdit_e2fgvi.padding import mirrored, padded_size

__all__ = ["E2FGVI", "Flows", "e2fgvi", "e2fgvi_hq", "frames_at_once", "mirrored", "padded_size", "quarter"]
