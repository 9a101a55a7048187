"""How a source's numbers become colours: matrix, range, primaries and transfer, tagged or assumed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_UNSPECIFIED: Final = 2
_MATRICES: Final = {
    0: "rgb", 1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 8: "ycgco", 9: "bt2020", 10: "bt2020",
}  # fmt: skip
"""ITU-T H.273, MatrixCoefficients. The constant-luminance form of BT.2020 is treated as the other one."""
_PRIMARIES: Final = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS: Final = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log", 10: "log-sqrt",
    11: "xvycc", 12: "bt1361", 13: "srgb", 14: "bt2020-10", 15: "bt2020-12", 16: "pq", 17: "smpte428", 18: "hlg",
}  # fmt: skip
_LUMA_WEIGHTS: Final = {
    "bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593), "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tags:
    """The four colour numbers as the file has them (H.273; range 0 unknown, 1 limited, 2 full)."""

    range: int = 0
    matrix: int = _UNSPECIFIED
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED


@dataclass(frozen=True, slots=True)
class Colour:
    """What the planes mean.

    matrix:     "bt709", "bt601", "bt2020", "fcc", "smpte240m", "ycgco" or "rgb"
    full_range: False for 16..235 (limited), True for 0..255
    primaries, transfer: H.273 names; only carried along, never converted
    *_tagged:   True if the file says so, False if it was assumed
    tags:       the numbers of the file; they are written to the result as they are
    """

    matrix: str
    full_range: bool
    primaries: str
    transfer: str
    matrix_tagged: bool
    range_tagged: bool
    primaries_tagged: bool
    transfer_tagged: bool
    tags: Tags

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def high_dynamic_range(self) -> bool:
        """Whether the transfer is PQ or HLG."""
        return self.transfer in ("pq", "hlg")


def read_colour(tags: Tags, *, height_px: int, is_rgb: bool, full_by_format: bool) -> Colour:
    """Decide what the planes mean; what is not tagged is assumed.

    height_px:      untagged pictures of 720 rows and more are BT.709, smaller ones BT.601
    is_rgb:         the pixel format holds RGB, whatever the matrix tag says
    full_by_format: the pixel format is of full range by its name or kind (RGB, JPEG, grey)
    """
    assumed = "bt709" if height_px >= 720 else "bt601"
    known = _MATRICES.get(tags.matrix)
    tagged = known is not None and (known != "rgb" or is_rgb)
    matrix = "rgb" if is_rgb else (known if tagged and known else assumed)
    default_primaries = "bt709" if matrix in ("bt709", "rgb") else ("bt2020" if matrix == "bt2020" else "smpte170m")
    return Colour(
        matrix=matrix,
        full_range=is_rgb or tags.range == 2 or (tags.range == 0 and full_by_format),
        primaries=_PRIMARIES.get(tags.primaries, default_primaries),
        transfer=_TRANSFERS.get(tags.transfer, "srgb" if is_rgb else "bt709"),
        matrix_tagged=tagged,
        range_tagged=tags.range != 0,
        primaries_tagged=tags.primaries in _PRIMARIES,
        transfer_tagged=tags.transfer in _TRANSFERS,
        tags=tags,
    )


def _rgb_from_ycbcr(matrix: str) -> NDArray[np.float64]:
    """Return the 3x3 matrix from (Y, Cb, Cr), Y in [0, 1] and the others in [-0.5, 0.5], to RGB in [0, 1]."""
    if matrix == "ycgco":
        return np.array([[1.0, -1.0, 1.0], [1.0, 1.0, 0.0], [1.0, -1.0, -1.0]])
    red, blue = _LUMA_WEIGHTS[matrix]
    green = 1.0 - red - blue
    return np.array(
        [
            [1.0, 0.0, 2.0 * (1.0 - red)],
            [1.0, -2.0 * blue * (1.0 - blue) / green, -2.0 * red * (1.0 - red) / green],
            [1.0, 2.0 * (1.0 - blue), 0.0],
        ]
    )


def _scales(bits: int, full_range: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spans and the zero points of Y, Cb and Cr in code values (ITU-R BT.709 item 6, BT.2100 table 9)."""
    top, middle = float(2**bits - 1), float(2 ** (bits - 1))
    if full_range:
        return np.array([top, top, top]), np.array([0.0, middle, middle])
    unit = float(2 ** (bits - 8))
    return np.array([219.0, 224.0, 224.0]) * unit, np.array([16.0, 128.0, 128.0]) * unit


def grey_levels(full_range: bool, bits: int) -> tuple[float, float]:
    """Return the code value of black, and how many lie from there to white."""
    spans, zeros = _scales(bits, full_range)
    return float(zeros[0]), float(spans[0])


@lru_cache(maxsize=64)
def to_rgb_transform(matrix: str, full_range: bool, bits: int, white: int) -> NDArray[np.float64]:
    """Return the 3x4 matrix from code values (Y, Cb, Cr, 1) to RGB where white is `white`."""
    spans, zeros = _scales(bits, full_range)
    linear = white * _rgb_from_ycbcr(matrix) / spans
    return np.column_stack([linear, -linear @ zeros])


@lru_cache(maxsize=64)
def from_rgb_transform(matrix: str, full_range: bool, bits: int, white: int) -> NDArray[np.float64]:
    """Return the 3x4 matrix from (R, G, B, 1) where white is `white` to code values Y, Cb, Cr."""
    spans, zeros = _scales(bits, full_range)
    linear = spans[:, None] * np.linalg.inv(_rgb_from_ycbcr(matrix)) / white
    return np.column_stack([linear, zeros])
