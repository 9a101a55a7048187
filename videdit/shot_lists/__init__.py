"""Lists of shots: found in a film, and kept in files.

JSON of videdit's own, CSV as PySceneDetect writes it, EDL and OpenTimelineIO.
"""

from videdit.shot_lists.detection import WIDEST_PX, ShotFinder, detect_shots
from videdit.shot_lists.files import read_shots, write_shots
from videdit.shot_lists.timing import Timing

__all__ = ["WIDEST_PX", "ShotFinder", "Timing", "detect_shots", "read_shots", "write_shots"]
