"""How masks are shaped, in a person's terms."""

from __future__ import annotations

from pydantic import Field

from videdit.ops.lengths import Length, SignedLength
from videdit.runtime import Options


class MaskShaping(Options):
    """How tracked masks become the masks that effects see. Lengths are pixels ("4") or of the height ("1.5%")."""

    grow: SignedLength = Field("0", description="make the masks larger by this; negative: smaller")
    feather: Length = Field("0.4%", description="width of the soft edge outside the mask")
    pinholes: Length = Field("0.8%", description="close holes up to the size of a square with this side; 0: none")
    specks: Length = Field("0.8%", description="drop loose bits up to the size of a square with this side; 0: none")
    smooth_frames: int = Field(
        0,
        ge=0,
        le=6,
        description="steady a trembling edge over this many frames to each side; costs fast limbs a little",
    )
