"""The options of the detectors of faces."""

from __future__ import annotations

from pydantic import Field

from videdit.runtime import Options


class CenterFaceOptions(Options):
    """What counts as a face."""

    least_score: float = Field(default=0.08, gt=0, lt=1, description="report nothing that is less of a face than this")
    overlap: float = Field(
        default=0.3, gt=0, lt=1, description="of two boxes that share more than this part of their area one is kept"
    )


class YuNetOptions(Options):
    """What counts as a face."""

    least_score: float = Field(default=0.3, gt=0, lt=1, description="report nothing that is less of a face than this")
    overlap: float = Field(
        default=0.3, gt=0, lt=1, description="of two boxes that share more than this part of their area one is kept"
    )
