"""The film of a beach ball that bounces through the garden, with what is true of each frame.

Every frame is drawn from its number alone: the same number gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.example.camera import Floats, View, to_srgb
from videdit.example.garden import PLATE, SUN, draw_plate, ground_distance
from videdit.frames import Region

FRAME_COUNT = 100
FRAMES_PER_SECOND = 25
SIZE = (360, 640)
BALL, SHADOW = 1, 2
"""Object ids in the masks."""

RADIUS_METRES = 0.27
_DEPTH_METRES = 4.3
_DROP_METRES = 1.05
_GRAVITY = 6.2
"""Less than the Earth's: air carries a beach ball."""
_RESTITUTION = 0.66
_SHUTTER = 0.45
"""The part of a frame's time for which the shutter is open."""
_EXPOSURES = 4
_LEAST_SHADE, _SEEN_SHADE = 0.004, 0.06
"""Below the first there is no shadow, above the second it belongs to the mask."""
_SUN_SHARE = 0.74
"""Of the light on open ground; the rest comes from the sky."""
_SUN_RADIUS = 0.055
"""Of the hazy sun, in radians; what makes the shadow soft."""
_GRAIN = 1.3
_RED, _YELLOW, _BLUE, _WHITE = (0.62, 0.030, 0.026), (0.88, 0.56, 0.025), (0.022, 0.11, 0.48), (0.80, 0.79, 0.75)
_GORES = np.asarray([_RED, _WHITE, _YELLOW, _WHITE, _BLUE, _WHITE], np.float32)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One frame and what is true of it.

    rgb:    (H, W, 3) uint8, the film
    clean:  (H, W, 3) uint8, the film had there been no ball; most of it equals `rgb` byte for byte
    labels: (H, W) uint8, 0 background, 1 the ball, 2 its shadow on the ground
    """

    rgb: NDArray[np.uint8]
    clean: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True)
class BallFilm:
    """The film, frame by frame.

    frame_count: how many frames there are; fewer make a shorter film of the same beginning
    """

    frame_count: int = FRAME_COUNT
    size: tuple[int, int] = field(default=SIZE, init=False)

    def draw(self, index: int) -> Drawn:
        """Draw frame `index`."""
        view = camera_at(index)
        scene = self._scene(view)
        shade = _shade(view, index)
        with_shadow = scene * (1 - shade)[..., None]
        ball, alpha = _ball(view, index)
        film = with_shadow * (1 - alpha[..., None]) + ball
        return Drawn(_develop(film, index), _develop(scene, index), _labels(shade, alpha))

    def _scene(self, view: View) -> Floats:
        """Cut the view out of the wide picture: twice as large, then halved, so that fine gravel does not shimmer."""
        height, width = self.size
        fine = View(view.focal_px * 2, (height * 2, width * 2), view.pan, view.tilt, view.roll)
        large = cv2.warpPerspective(
            draw_plate(),
            fine.from_other(PLATE),
            (width * 2, height * 2),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def object_box(object_id: int, index: int = 0) -> Region:
    """Return the bounding box of the ball or its shadow on a frame; empty if it is hidden."""
    view = camera_at(index)
    return Region.of(_labels(_shade(view, index), _ball(view, index)[1]) == object_id)


def _labels(shade: Floats, alpha: Floats) -> NDArray[np.uint8]:
    labels = np.zeros(shade.shape, np.uint8)
    labels[shade > _SEEN_SHADE] = SHADOW
    labels[alpha >= 0.5] = BALL
    return labels


def camera_at(index: float) -> View:
    """Return the view of a frame: a slow pan after the ball, held by hand."""
    time = index / FRAMES_PER_SECOND
    share = np.clip(time / 4.0, 0, 1)
    pan = -0.085 + 0.20 * share * share * (3 - 2 * share)
    shake = [0.0024 * np.sin(2.1 * time + one) + 0.0011 * np.sin(5.3 * time + 2 * one) for one in (0.0, 1.7, 4.1)]
    return View(640.0, SIZE, float(pan + shake[0]), float(-0.115 + shake[1]), float(0.6 * shake[2]))


def bounce_times() -> list[float]:
    """Return when the ball hits the ground, in seconds, until it only rolls."""
    times = [float(np.sqrt(2 * _DROP_METRES / _GRAVITY))]
    speed = _GRAVITY * times[0] * _RESTITUTION
    while speed > 0.45:
        times.append(times[-1] + 2 * speed / _GRAVITY)
        speed *= _RESTITUTION
    return times


def ball_at(time: float) -> tuple[NDArray[np.float64], float]:
    """Return the centre of the ball in the world, (3,) in metres, and how far it has rolled, in radians."""
    # It slows down evenly from 1.35 m/s to 0.55 m/s.
    travelled = 1.35 * time - 0.10 * time * time
    centre = np.array([-1.80 + travelled, RADIUS_METRES + _height(time), _DEPTH_METRES + 0.06 * time])
    return centre, travelled / RADIUS_METRES


def _height(time: float) -> float:
    times = bounce_times()
    if time < times[0]:
        return _DROP_METRES - _GRAVITY * time * time / 2
    for number, (start, stop) in enumerate(pairwise(times)):
        if start <= time < stop:
            speed = _GRAVITY * times[0] * _RESTITUTION ** (number + 1)
            return max(0.0, speed * (time - start) - _GRAVITY * (time - start) ** 2 / 2)
    return 0.0


def _middle_of_exposure(index: int) -> float:
    return (index + _SHUTTER / 2) / FRAMES_PER_SECOND


def _shade(view: View, index: int) -> Floats:
    """Return how much of its light the ball takes from each point of the ground, (H, W) float32 in [0, 1]."""
    centre, _ = ball_at(_middle_of_exposure(index))
    shade = np.zeros(view.size, np.float32)
    # Nothing above the horizon is ground; two degrees are room for the roll of the camera.
    top = max(0, int(view.size[0] / 2 + view.focal_px * np.tan(view.tilt + 0.035)))
    rows, columns = (np.arange(length, dtype=np.float32) for length in view.size)
    rays = view.rays(columns, rows[top:])
    distance = ground_distance(rays)
    on_ground = np.isfinite(distance)
    reach = np.where(on_ground, distance, 0.0)
    ground = np.stack([rays[..., 0] * reach, np.zeros_like(reach), rays[..., 2] * reach], axis=-1)
    to_ball = centre.astype(np.float32) - ground
    # The sun: how near the ray towards it passes the ball, against the width of the sun at that distance.
    along = to_ball @ SUN
    past = np.linalg.norm(to_ball - along[..., None] * SUN, axis=-1)
    soft = np.maximum(_SUN_RADIUS * along, 0.012)
    dark = np.clip((RADIUS_METRES + soft - past) / (2 * soft), 0, 1) * (along > 0)
    dark = dark * dark * (3 - 2 * dark)
    # The sky: what part of it a sphere hides from a point on the ground.
    far = np.linalg.norm(to_ball, axis=-1)
    hidden = np.clip(centre[1] * RADIUS_METRES**2 / np.maximum(far, RADIUS_METRES) ** 3, 0, 1)
    shade[top:] = (_SUN_SHARE * dark + (1 - _SUN_SHARE) * hidden) * on_ground
    # The sky is hidden a little even metres away; what no eye sees is left out.
    shade[shade < _LEAST_SHADE] = 0
    return shade


def _ball(view: View, index: int) -> tuple[Floats, Floats]:
    """Draw the ball alone: (H, W, 3) float32 linear light, already weighted by its alpha, and that alpha (H, W)."""
    height, width = view.size
    colour, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for exposure in range(_EXPOSURES):
        moment = index + _SHUTTER * (exposure + 0.5) / _EXPOSURES
        centre, rolled = ball_at(moment / FRAMES_PER_SECOND)
        x, y, depth = view.project(centre)
        reach = view.focal_px * RADIUS_METRES / depth * 1.15 + 2
        x0, x1 = max(0, int(x - reach)), min(width, int(x + reach) + 1)
        y0, y1 = max(0, int(y - reach)), min(height, int(y + reach) + 1)
        if x0 >= x1 or y0 >= y1:
            continue
        # Two by two samples in each pixel.
        steps_x = (np.arange((x1 - x0) * 2, dtype=np.float32) + 0.5) / 2 - 0.5 + x0
        steps_y = (np.arange((y1 - y0) * 2, dtype=np.float32) + 0.5) / 2 - 0.5 + y0
        shaded, hit = _trace(view.rays(steps_x, steps_y), centre, rolled)
        small = (x1 - x0, y1 - y0)
        colour[y0:y1, x0:x1] += cv2.resize(shaded, small, interpolation=cv2.INTER_AREA) / _EXPOSURES
        alpha[y0:y1, x0:x1] += cv2.resize(hit, small, interpolation=cv2.INTER_AREA) / _EXPOSURES
    return colour, alpha


def _trace(rays: Floats, centre: NDArray[np.float64], rolled: float) -> tuple[Floats, Floats]:
    """Return the light (..., 3) of the ball along each ray, black beside it, and 1 where the ray meets it."""
    away = (centre - np.array([0.0, 1.5, 0.0])).astype(np.float32)
    along = rays @ away
    inside = RADIUS_METRES**2 - (away @ away - along**2)
    hit = inside > 0
    normal = (rays * (along - np.sqrt(np.maximum(inside, 0)))[..., None] - away) / np.float32(RADIUS_METRES)
    up = normal[..., 1:2]
    sunny = np.maximum(normal @ SUN, 0)[..., None]
    sky, ground = np.asarray([0.52, 0.64, 0.86], np.float32), np.asarray([0.40, 0.35, 0.29], np.float32)
    near_ground = np.clip(centre[1] / RADIUS_METRES - 1, 0, 1) * 0.5 + 0.5
    light = 1.00 * sunny * np.asarray([1.0, 0.96, 0.88], np.float32)
    light = light + 0.36 * sky * (0.5 + 0.5 * up) + 0.42 * near_ground * ground * (0.5 - 0.5 * up)
    # Glossy vinyl: the sun's reflection, and the surroundings towards the rim.
    facing = np.clip(-(rays * normal).sum(axis=-1, keepdims=True), 0, 1)
    mirrored = rays + 2 * facing * normal
    glint = np.maximum(mirrored @ SUN, 0)[..., None]
    gloss = 0.75 * glint**180 + 0.10 * glint**22
    fresnel = 0.03 + 0.45 * (1 - facing) ** 5
    around = np.where(mirrored[..., 1:2] > 0, sky, 0.5 * ground)
    shaded = _paint(normal, rolled) * light * (1 - fresnel) + fresnel * around + gloss
    return np.asarray(shaded * hit[..., None], np.float32), hit.astype(np.float32)


def _paint(normal: Floats, rolled: float) -> Floats:
    """Return the colours (..., 3) of six gores, with white caps and fine seams, on the ball as it has turned."""
    sine, cosine = np.sin(rolled), np.cos(rolled)
    back = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    lean = np.array([[0.36, 0.48, -0.80], [-0.80, 0.60, 0.0], [0.48, 0.64, 0.60]])
    local = normal @ (lean @ back).T.astype(np.float32)
    turn = (np.arctan2(local[..., 1], local[..., 0]) / (2 * np.pi) * 6) % 6
    colour = _GORES[np.clip(turn.astype(int), 0, 5)]
    around = np.hypot(local[..., 0], local[..., 1])
    seam = np.abs(turn - np.round(turn)) * around
    colour = colour * (1 - 0.35 * np.exp(-((seam / 0.018) ** 2)))[..., None]
    cap = around[..., None] < 0.20
    rim = 1 - 0.35 * np.exp(-(((around - 0.20) / 0.012) ** 2))[..., None]
    return np.asarray(np.where(cap, np.asarray(_WHITE, np.float32), colour) * rim, np.float32)


def _develop(linear: Floats, index: int) -> NDArray[np.uint8]:
    """Turn linear light into 8-bit RGB, with the fall-off of a lens and the grain of this frame."""
    height, width = linear.shape[:2]
    y = (np.arange(height, dtype=np.float32) - height / 2)[:, None] / width
    x = (np.arange(width, dtype=np.float32) - width / 2)[None, :] / width
    lens = 1 - 0.42 * (x * x + y * y)
    grain = np.random.default_rng([2024, index]).normal(0, _GRAIN, (height, width)).astype(np.float32)
    values = to_srgb(linear * lens[..., None]) + grain[..., None]
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
