"""What a person should look at, in words."""

from __future__ import annotations

from collections.abc import Sequence

from videdit.detections.sightings import Doubt, Sighting
from videdit.detections.steps import DetectionStep

_WORDS: dict[Doubt, str] = {
    "faint": "never sure",
    "late": "there at once in the middle of the picture",
    "lost": "lost from sight in the middle of the picture",
    "gap": "not found for long, filled in",
}


def doubts_in_words(step: DetectionStep, doubtful: Sequence[tuple[int, Sighting]]) -> list[str]:
    """Return one line for each that something is doubtful about, and each doubt: "face 2, frames 30-37: lost"."""
    lines = []
    for number in sorted({number for number, _ in doubtful}):
        for doubt, words in _WORDS.items():
            frames = sorted({one.index for whose, one in doubtful if whose == number and one.doubt == doubt})
            if frames:
                lines.append(f"to look at: {step.name(number)}, frames {frames_in_words(frames)}: {words}")
    return lines


def frames_in_words(frames: Sequence[int], most: int = 8) -> str:
    """Return "3-9, 40, 77-80" of frame numbers in order; at most that many runs."""
    runs: list[list[int]] = []
    for index in frames:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
