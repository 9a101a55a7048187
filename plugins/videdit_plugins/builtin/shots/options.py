"""Options of the shot detectors; light to import."""

from __future__ import annotations

from pydantic import Field

from videdit.runtime import Options


class ShotOptions(Options):
    """What may be set on every shot detector."""

    min_shot_seconds: float = Field(default=0.6, ge=0, description="No shot is shorter than this.")


class ClassicOptions(ShotOptions):
    """What all of PySceneDetect's detectors have."""


class ContentOptions(ClassicOptions):
    """Options of `content`."""

    threshold: float = Field(default=27.0, gt=0, le=255, description="Mean change of hue, saturation and value.")


class AdaptiveOptions(ClassicOptions):
    """Options of `adaptive`."""

    threshold: float = Field(default=3.0, gt=0, description="Change in relation to the frames around it.")
    window_frames: int = Field(default=2, ge=1, description="How many frames on each side count as around.")
    lowest_change: float = Field(default=15.0, ge=0, le=255, description="A change smaller than this is none.")


class HistogramOptions(ClassicOptions):
    """Options of `histogram`."""

    threshold: float = Field(default=0.2, gt=0, le=1, description="Loss of correlation between histograms of luma.")


class HashOptions(ClassicOptions):
    """Options of `hash`."""

    threshold: float = Field(default=0.35, gt=0, le=1, description="Share of the bits of the hash that change.")


class FadeOptions(ClassicOptions):
    """Options of `threshold`."""

    threshold: int = Field(default=12, ge=1, le=254, description="A frame whose mean is darker counts as black.")


class AutoOptions(ShotOptions):
    """Options of `auto`."""

    min_shot_seconds: float = Field(default=0.3, ge=0, description="No shot is shorter than this.")
    dissolves: bool = Field(default=True, description="Look for dissolves, too.")
    fades: bool = Field(default=True, description="Look for fades through a plain colour, too.")


CLASSIC: dict[str, tuple[type[ClassicOptions], str]] = {
    "content": (ContentOptions, "mean change of hue, saturation and value from frame to frame (PySceneDetect)"),
    "adaptive": (AdaptiveOptions, "the same change, in relation to that of the frames around (PySceneDetect)"),
    "histogram": (HistogramOptions, "correlation of histograms of luma from frame to frame (PySceneDetect)"),
    "hash": (HashOptions, "bits that change in a perceptual hash from frame to frame (PySceneDetect)"),
    "threshold": (FadeOptions, "fades through black (PySceneDetect)"),
}
