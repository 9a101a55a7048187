"""The built-in filler."""

from __future__ import annotations

from functools import partial
from typing import Any

from videdit import Filled, Filler, FrameSequence, MaskSequence, Runtime
from videdit_plugins.builtin.filler.ahead import Ahead
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.candidates import Wanted
from videdit_plugins.builtin.filler.completion import Completion
from videdit_plugins.builtin.filler.finishing import Finishing
from videdit_plugins.builtin.filler.ground import WHOLE_FRAMES
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.filler.others import Others
from videdit_plugins.builtin.filler.pictures import DEFAULT_BYTES, Pictures, WiderPictures
from videdit_plugins.builtin.filler.propagation import Effort, Propagation
from videdit_plugins.builtin.filler.remnants import Remnants
from videdit_plugins.builtin.filler.scale import Scale
from videdit_plugins.builtin.filler.shadows import Shadows
from videdit_plugins.builtin.filler.weighing import Weigher, of_videdit
from videdit_plugins.builtin.filler.workers import Workers
from videdit_plugins.builtin.threads import one_thread

EFFORTS = {
    "draft": Effort(240, Wanted(per_pixel=5, most=6), direct="balanced", followed="fast", movers=False),
    "standard": Effort(360, Wanted(per_pixel=12, most=15), direct="balanced", followed="balanced", movers=True),
    "best": Effort(480, Wanted(per_pixel=12, most=16), direct="medium", followed="medium", movers=True),
}
_NEAR_FRAMES = 40
"""Of frames farther away few are looked at, so larger holes are kept for as many as lie nearer."""
SHADOW_LEFT = "frames_with_shadow_left"


class BuiltinFiller(Filler):
    """Fills holes with what other frames of the shot show there, aligned by homography and residual flow.

    What none shows is made up from patches, once for a stretch of the shot, and carried along.
    """

    def __init__(self, options: FillerOptions, runtime: Runtime) -> None:
        self._options = options
        self._left = 0
        self._frames: Ahead[tuple[Filled | None, bool]] | None = None
        self._effort = EFFORTS[runtime.quality]
        self._weigher = _weigher(options, runtime)
        self._workers = Workers()
        # Half for the frames themselves; plates and the work on one frame take the rest.
        self._budget_bytes = DEFAULT_BYTES if runtime.memory_budget_bytes is None else runtime.memory_budget_bytes // 2

    def start(self, frames: FrameSequence, holes: MaskSequence) -> None:
        if self._frames is not None:
            self._frames.end()
        reach = self._options.reach_frames
        scale = Scale.of(frames.size, self._options.alignment_height or self._effort.height_px)
        kept = 2 * min(reach, _NEAR_FRAMES) + 8
        # Shadows look farther than the fill; what they see is small.
        looked_at = max(2 * reach, WHOLE_FRAMES if self._options.shadows else 0) + 8
        pictures = given = Pictures(frames, holes, scale, looked_at, self._budget_bytes)
        camera = Camera(pictures, frames.shot)
        others = Others(given, camera, looked_at) if given.among_others else None
        spared = None if others is None else others.on
        shadows = Shadows(frames.shot, pictures, camera) if self._options.shadows else None
        if shadows is not None:
            pictures = WiderPictures(pictures, shadows.__getitem__, kept, spared)
        if self._options.remnants:
            remnants = Remnants(frames.shot, given, pictures, camera, reach)
            pictures = WiderPictures(pictures, remnants.__getitem__, kept, spared)
        propagation = Propagation(frames.shot, pictures, camera, reach, self._effort, self._weigher, others)
        completion = Completion(propagation, self._workers.count, synthesis=self._options.synthesis)
        self._finishing = Finishing(completion, propagation, self._workers, grain=self._options.grain)
        fill = partial(_filled, self._finishing, shadows, self._workers)
        self._frames = Ahead(fill, frames.shot, self._workers)

    def fill(self, index: int) -> Filled | None:
        if self._frames is None or not self._finishing.has_hole(index):
            return None
        filled, shadow_left = self._frames.get(index)
        self._left += shadow_left
        return filled

    def report(self) -> dict[str, Any]:
        """Return on how many frames something dark beside the fill goes along with the object, if on any."""
        count, self._left = self._left, 0
        return {SHADOW_LEFT: count} if count else {}


def _weigher(options: FillerOptions, runtime: Runtime) -> Weigher | None:
    """Return the learned part; None if it is not wanted, or the package comes without."""
    if not runtime.learned:
        return None
    return of_videdit() if options.weights is None else Weigher([options.weights])


def _filled(finishing: Finishing, shadows: Shadows | None, workers: Workers, index: int) -> tuple[Filled | None, bool]:
    """Return the fill of frame `index`, and whether something dark beside it goes along with the object."""
    # OpenCV's optical flow depends on the number of parts that it divides its work into; the threads are ours.
    with one_thread():
        if shadows is not None and finishing.has_hole(index):
            shadows.prepare(index, workers)
        filled = finishing.fill(index)
        left = filled is not None and shadows is not None and shadows.left(index, finishing.hole(index))
        return filled, left
