"""Words on one frame: the detector's best box becomes the prompt."""

from __future__ import annotations

from videdit.detector import Detector
from videdit.errors import NothingSelected, faults_of
from videdit.frames import Frame
from videdit.plugins import Plugins
from videdit.prompts import Box, Phrase
from videdit.runtime import Runtime


def boxed(phrase: Phrase, frame: Frame, plugins: Plugins, runtime: Runtime) -> Box:
    """Return the box of what the words name on a frame: the one that the detector for them is surest of.

    Raises UnknownPlugin if no detector takes the words, NothingSelected if it finds nothing.
    """
    where = f"object {phrase.object!r}, frame {frame.index}"
    offer, _ = plugins.choose_detector(phrase.text, runtime)
    detector: Detector = plugins.create("detector", offer.name, None, runtime)
    with faults_of("the detector", where):
        found = detector.detect(frame, phrase.text)
    if not found:
        raise NothingSelected(
            f"the detector {offer.name} finds no {phrase.text!r}",
            where=where,
            next_step="name another frame, or point with a box or a click",
        )
    best = found[0]
    return Box(best.x0, best.y0, best.x1, best.y1, at=phrase.at, object=phrase.object)
