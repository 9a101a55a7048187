"""Choose the filler of a shot by how well each fills a second hole beside the object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from videdit import Filler, FrameSequence, MaskSequence
from videdit_plugins.remove.checking import beside, psnr_beside, samples

NO_ROOM = "no room beside the object"
_CLEARLY_DB = 0.1
"""The first filler is taken unless another one is better by more than this."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filler and what the check found.

    name:  of the filler
    found: name -> PSNR in dB beside the object; empty where there is no room for a second hole
    """

    name: str
    found: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What the check found, for the person."""
        if not self.found:
            return NO_ROOM
        others = "".join(f" ({name}: {value:.1f} dB)" for name, value in self.found.items() if name != self.name)
        return f"{self.found[self.name]:.1f} dB{others}"


def choose(
    fillers: Mapping[str, Callable[[], Filler]], frames: FrameSequence, holes: MaskSequence
) -> tuple[Filler, Chosen]:
    """Return the best filler for a shot; it has been started on other holes.

    fillers: name -> what makes it, the preferred one first. The others are made only where it leaves a doubt: where it
             reports that a network made pixels of its fill, which a filler without one might have made better.
    """
    (first_name, make), *others = fillers.items()
    first = make()
    shot = range(frames.shot.start, frames.shot.stop)
    indices = samples(holes, shot)
    second = beside([holes[index] for index in indices]) if indices else None
    if second is None:
        return first, Chosen(first_name)
    found = {first_name: psnr_beside(first, frames, holes, second, indices)}
    best, best_name = first, first_name
    if first.report().get("pixels_by_network"):
        for name, make_other in others:
            other = make_other()
            found[name] = psnr_beside(other, frames, holes, second, indices)
            other.report()
            if found[name] > found[best_name] + _CLEARLY_DB:
                best, best_name = other, name
    return best, Chosen(best_name, found)
