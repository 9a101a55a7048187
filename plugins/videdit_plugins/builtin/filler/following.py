"""Follow what lies around and behind a hole from frame to frame: parallax and moving things go along."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np

from videdit import Region, Shot
from videdit.frames import Mask
from videdit.ops.flow import FlowPreset
from videdit_plugins.builtin.cache import Cache
from videdit_plugins.builtin.filler.camera import Camera
from videdit_plugins.builtin.filler.mapping import Points, fetch, grid, project, within
from videdit_plugins.builtin.filler.medians import median
from videdit_plugins.builtin.filler.pictures import Pictures
from videdit_plugins.builtin.filler.views import View, aligned, view_at

STEPS = 23
"""Errors add up from step to step; farther than this nothing is followed."""
_MOVING_FRAMES = 2
"""What moves slowly has gone farther after two frames; errors of the optical flow have not."""
_MOVING_PX = 1.0
_MOVING_DEVIATIONS = 6.0
_MOVING_EDGE_PX = 3.0


class Following:
    """Dense motion between neighbouring frames, at the small size, continued smoothly over holes."""

    def __init__(self, shot: Shot, pictures: Pictures, camera: Camera, preset: FlowPreset) -> None:
        self._shot = shot
        self._pictures = pictures
        self._camera = camera
        self._preset = preset
        self._moving: Cache[int, Mask] = Cache(4 * STEPS)
        self._steps: Cache[tuple[int, int], Points] = Cache(4 * STEPS)

    def views(self, index: int, box: Region, wanted: Collection[int]) -> list[View]:
        """Return the frames `wanted`, as far as they can be reached, as seen from a box of frame `index`."""
        here, places = self._pictures[index], grid(box)
        hole, result = here.hole[box.slices], []
        for way in (-1, 1):
            points, inside = places, np.ones(hole.shape, np.bool_)
            for distance in range(1, STEPS + 1):
                other = index + way * distance
                if other not in self._shot or not any(way * (one - other) >= 0 for one in wanted):
                    break
                points = self._on(points, other - way, other)
                inside &= within(points, self._pictures.scale.small)
                if other not in wanted:
                    continue
                view = view_at(here, self._pictures[other], box, points, followed=True)
                # What has left the frame does not come back: there is no motion to go by out there.
                view = replace(view, valid=view.valid & inside)
                if (view.valid & hole).any():
                    result.append(view)
        return result

    def moving(self, index: int) -> Mask:
        """Return (h, w) bool of frame `index`: what moves otherwise than the camera and the depth of things explain."""
        return self._moving.get(index, self._found_moving)

    def knows(self, index: int) -> bool:
        """Return whether `moving` has its answer for frame `index` already."""
        return index in self._moving

    def _found_moving(self, index: int) -> Mask:
        scale = self._pictures.scale
        free = ~self._pictures[index].hole
        places = grid(Region.whole(scale.small))
        result: Mask | None = None
        sampled = np.flatnonzero(free[::2, ::2])
        for other in self._compared(index) if len(sampled) else []:
            camera = project(self._camera.product(index, other), places)
            way, points = (1 if other > index else -1), places
            for one in range(index, other, way):
                points = self._on(points, one, one + way)
            away = np.zeros(free.shape, np.bool_)
            for found, at in zip(points, camera, strict=True):
                rest = found - at
                sample = rest[::2, ::2].ravel()[sampled]
                middle = median(sample)
                deviation = float(median(np.abs(sample - middle)))
                away |= np.abs(rest - middle) > np.float32(scale.px(_MOVING_PX) + _MOVING_DEVIATIONS * deviation)
            # What another frame covers or uncovers has no motion towards it; one of the two knows.
            result = away if result is None else result & away
        if result is None:
            return np.zeros(free.shape, np.bool_)
        side = 2 * max(1, round(scale.px(_MOVING_EDGE_PX))) + 1
        return np.asarray(cv2.dilate(result.view(np.uint8), np.ones((side, side), np.uint8))) > 0

    def _compared(self, index: int) -> list[int]:
        """Return the frames that frame `index` is compared with: before and after, or, next to a cut, one of them."""
        around = ([index - distance, index + distance] for distance in (_MOVING_FRAMES, 1))
        inside = ([other for other in pair if other in self._shot] for pair in around)
        return next((pair for pair in inside if pair), [])

    def _on(self, points: Points, a: int, b: int) -> Points:
        """Move points of frame `a` to its neighbour `b`."""
        x, y = (fetch(plane, points) for plane in self._step(a, b))
        return points[0] + x, points[1] + y

    def _step(self, a: int, b: int) -> Points:
        return self._steps.get((a, b), self._found_step)

    def _found_step(self, pair: tuple[int, int]) -> Points:
        """Return how far each pixel of a frame moves up to its neighbour: x and y, each (h, w) float32."""
        a, b = pair
        whole = Region.whole(self._pictures.scale.small)
        places = grid(whole)
        there = aligned(
            self._pictures[a],
            self._pictures[b],
            self._camera.between(a, b),
            whole,
            self._pictures.scale,
            self._preset,
            foreign=True,
        )
        return there[0] - places[0], there[1] - places[1]
