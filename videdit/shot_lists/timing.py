"""When the frames of a film are shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from videdit.errors import OptionError
from videdit.shot_lists.timecode import drops, frame_of, is_drop_frame


@dataclass(frozen=True, slots=True)
class Timing:
    """Rate, times and timecode of a film.

    rate:     frames a second; the mean where it varies
    times:    presentation time of each frame in seconds, ascending; None where they follow from the rate
    timecode: of the first frame, as the film carries it, "01:00:00:00" or, drop-frame, "01:00:00;00"; "" for none
    """

    rate: Fraction
    times: Sequence[Fraction] | None = None
    timecode: str = ""

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise OptionError(f"a film has more than {self.rate} frames a second")
        if self.times is not None and any(
            later <= sooner for sooner, later in zip(self.times[:-1], self.times[1:], strict=True)
        ):
            raise OptionError("the times of the frames do not ascend")

    @property
    def varies(self) -> bool:
        """Whether some frame is half a frame or more away from where the rate would have it."""
        if not self.times:
            return False
        begin, half = self.times[0], 1 / (2 * self.rate)
        return any(abs(time - begin - number / self.rate) >= half for number, time in enumerate(self.times))

    @property
    def drop(self) -> bool:
        """Whether timecode is counted drop-frame: as the film does, or if its rate asks for it."""
        return is_drop_frame(self.timecode) if self.timecode else drops(self.rate)

    @property
    def first_frame(self) -> int:
        """What timecode counts the first frame as."""
        return frame_of(self.timecode, self.rate, drop=self.drop) if self.timecode else 0

    def seconds(self, number: int) -> Fraction:
        """Return when a frame is shown, in seconds from the first; the frame after the last gives the film's end.

        Raises OptionError beyond that.
        """
        if not self.times:
            return number / self.rate
        if number > len(self.times):
            raise OptionError(f"frame {number} lies outside the film's {len(self.times)} frames")
        if number == len(self.times):
            return self.times[-1] + 1 / self.rate - self.times[0]
        return self.times[number] - self.times[0]

    def frame_at(self, seconds: Fraction) -> int:
        """Return the frame, or the end of the film, whose time is nearest."""
        if not self.times:
            return round(seconds * self.rate)
        wanted = seconds + self.times[0]
        after = bisect_left(self.times, wanted)
        if after == len(self.times):
            return after if wanted - self.times[-1] > 1 / (2 * self.rate) else after - 1
        before = max(0, after - 1)
        return before if wanted - self.times[before] < self.times[after] - wanted else after
