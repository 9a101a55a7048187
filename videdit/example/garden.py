"""The garden: a gravel walk, a lawn, a brick wall, trees behind it, and the sky.

Gravel and grass are the photographs of those names that scikit-image ships (public domain, CC0); the rest is drawn.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.example.camera import HEIGHT_METRES, Floats, View

WALK_END_METRES = 5.6
WALL_METRES = 9.5
WALL_HEIGHT_METRES = 1.7
SUN = np.asarray([-0.52, 0.80, -0.30], np.float32) / np.float32(np.linalg.norm([-0.52, 0.80, -0.30]))
"""Direction towards the sun, of length one."""

PLATE = View(focal_px=930.0, size=(690, 1500), tilt=-0.10)
"""The wide picture that holds everything the camera will see."""

_SAMPLES = 2
_STRIP_ROWS = 30


@cache
def draw_plate() -> Floats:
    """Draw the garden as the wide view sees it: (H, W, 3) float32, linear light, read only."""
    height = PLATE.size[0]
    plate = np.concatenate([draw_rows(top, min(_STRIP_ROWS, height - top)) for top in range(0, height, _STRIP_ROWS)])
    plate.flags.writeable = False
    return plate


def draw_rows(top: int, count: int) -> Floats:
    """Draw `count` rows of the wide view from row `top` on, sampled 2x2 times per pixel."""
    width = PLATE.size[1]
    x = (np.arange(width * _SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES - 0.5
    y = (np.arange(count * _SAMPLES, dtype=np.float32) + 0.5) / _SAMPLES - 0.5 + top
    return np.asarray(cv2.resize(_look(PLATE.rays(x, y)), (width, count), interpolation=cv2.INTER_AREA), np.float32)


def ground_distance(rays: Floats) -> Floats:
    """Return how far along each ray the ground before the wall is; infinite where the ray does not meet it."""
    down = rays[..., 1] < -1e-4
    distance = np.where(down, HEIGHT_METRES / np.maximum(-rays[..., 1], 1e-4), np.inf)
    return np.asarray(np.where(distance * rays[..., 2] < WALL_METRES, distance, np.inf), np.float32)


def _look(rays: Floats) -> Floats:
    """Return the colour (..., 3) that each ray meets."""
    distance = ground_distance(rays)
    on_ground = np.isfinite(distance)
    to_wall = np.asarray(WALL_METRES / np.maximum(rays[..., 2], 1e-3), np.float32)
    across, up = rays[..., 0] * to_wall, HEIGHT_METRES + rays[..., 1] * to_wall
    on_wall = ~on_ground & (up < WALL_HEIGHT_METRES + 0.12)
    colours = np.zeros(rays.shape, np.float32)
    # Most strips show one thing only; the others are not worked out.
    if on_ground.any():
        reach = np.where(on_ground, distance, 0.0)
        colours = np.where(on_ground[..., None], _ground(rays[..., 0] * reach, rays[..., 2] * reach), colours)
    if on_wall.any():
        colours = np.where(on_wall[..., None], _wall(across, up), colours)
    above = ~(on_ground | on_wall)
    if above.any():
        sky = _trees_and_sky(np.arctan2(rays[..., 0], rays[..., 2]), np.arcsin(rays[..., 1]))
        colours = np.where(above[..., None], sky, colours)
    return colours


def _ground(x: Floats, z: Floats) -> Floats:
    edge = WALK_END_METRES + 0.10 * _noise("edge", x * 1.6, z * 1.6) + 0.05 * _noise("blades", x * 14, z * 14)
    lawn = _smoothstep((z - edge) / 0.10)[..., None]
    # Lawn: from shade between the blades to sunlit tips, greener and yellower in patches.
    grass, patch = _photo("grass", x, z, 1.9), _noise("lawn", x * 0.7, z * 0.7)[..., None]
    light = np.clip(grass * 1.25 - 0.12, 0, 1)[..., None]
    green = _mix((0.018, 0.052, 0.012), (0.30, 0.43, 0.11), light**1.15)
    green = green * (1 + 0.16 * patch) + np.asarray([0.030, 0.012, 0.0], np.float32) * np.maximum(patch, 0)
    # Gravel: warm stones, here and there a reddish or bluish one, worn lighter along the middle.
    stones, hue = _photo("gravel", x, z, 1.35), _noise("stones", x * 17, z * 17)[..., None]
    tint = np.asarray([0.95, 0.84, 0.70], np.float32) + hue * np.asarray([0.10, 0.0, -0.10], np.float32)
    worn = 1 + 0.12 * _noise("worn", x * 0.5, z * 1.3)[..., None]
    gravel = (stones[..., None] ** 1.5 * 1.02 + 0.03) * tint * worn
    shade = 1 - 0.45 * np.exp(-np.maximum(WALL_METRES - z, 0) / 0.28)
    kerb = 1 - 0.35 * np.exp(-(((z - edge + 0.02) / 0.05) ** 2))
    return np.asarray((gravel * (1 - lawn) + green * lawn) * (shade * kerb)[..., None], np.float32)


def _wall(x: Floats, y: Floats) -> Floats:
    """Bricks in running bond, each of its own colour, under a row of coping stones."""
    long, tall, joint = 0.26, 0.088, 0.012
    row = np.floor(y / tall)
    along = x / long + 0.5 * (row % 2)
    column = np.floor(along)
    brick = _hash(column, row)
    in_x, in_y = (along - column) * long, y - row * tall
    inside = np.minimum(np.minimum(in_x, long - in_x), np.minimum(in_y, tall - in_y)) - joint / 2
    body = _smoothstep(inside / 0.006)[..., None]
    rough = 0.74 + 0.42 * _photo("gravel", x, y, 0.9)[..., None] + 0.10 * _noise("wall", x * 0.8, y * 1.4)[..., None]
    clay = _mix((0.20, 0.062, 0.036), (0.42, 0.170, 0.098), brick[..., None])
    colour = (clay * body + np.asarray([0.34, 0.30, 0.25], np.float32) * (1 - body)) * rough
    # Moss creeps up from the lawn.
    moss = _smoothstep((0.30 + 0.18 * _noise("moss", x * 2.2, y * 3.0) - y) / 0.22)[..., None] * 0.65
    colour = colour * (1 - moss) + np.asarray([0.070, 0.105, 0.035], np.float32) * rough * moss
    coping = (y > WALL_HEIGHT_METRES)[..., None]
    gap = np.abs(x / 0.62 - np.round(x / 0.62)) * 0.62
    stone = (0.40 + 0.20 * _photo("gravel", x + 3, y, 1.2)) * (1 - 0.6 * np.exp(-((gap / 0.012) ** 2)))
    colour = np.where(coping, stone[..., None] * np.asarray([1.0, 0.95, 0.87], np.float32), colour)
    under = 1 - 0.5 * np.exp(-np.maximum(WALL_HEIGHT_METRES - y, 0) / 0.05) * (y < WALL_HEIGHT_METRES)
    base = 1 - 0.45 * np.exp(-np.maximum(y, 0) / 0.18)
    return np.asarray(0.80 * colour * (under * base)[..., None], np.float32)


def _trees_and_sky(azimuth: Floats, elevation: Floats) -> Floats:
    """Crowns of leaves in two depths before a hazy sky with clouds."""
    height = np.clip(elevation / 0.5, 0, 1)[..., None]
    sky = _mix((0.80, 0.87, 0.94), (0.25, 0.45, 0.78), height**0.7)
    cloud = _noise("clouds", azimuth * 4.0 + 2.5, elevation * 10.0) + 0.45 * _noise(
        "puffs", azimuth * 13, elevation * 30
    )
    cloud = cloud + 0.22 * _noise("wisps", azimuth * 40, elevation * 85)
    colour = sky + (np.asarray([1.02, 1.0, 0.97], np.float32) - sky) * _smoothstep((cloud - 0.05) / 0.9)[..., None]
    for name, base, rough, dark, lit in (
        ("far", 0.110, 0.036, (0.085, 0.145, 0.100), (0.36, 0.44, 0.25)),
        ("near", 0.058, 0.062, (0.012, 0.034, 0.010), (0.27, 0.36, 0.085)),
    ):
        clumps = _noise(f"{name} crowns", azimuth * 24, elevation * 32) + 0.6 * _noise(
            name, azimuth * 55, elevation * 70
        )
        top = base + rough * _noise(name, azimuth * 6.0, azimuth * 0) + 0.012 * clumps
        leaves = _photo("gravel", azimuth, elevation, 0.13 if name == "near" else 0.09)
        top = top + 0.016 * (leaves - 0.5)
        light = np.clip(0.20 + 0.22 * clumps + 0.75 * (leaves - 0.25) + 2.2 * (elevation - top + 0.05), 0, 1)[..., None]
        inside = _smoothstep((top - elevation) / 0.003)[..., None]
        colour = colour * (1 - inside) + _mix(dark, lit, light) * inside
    return np.asarray(colour, np.float32)


# -- surfaces ----------------------------------------------------------------------------------------------------------


@cache
def _photograph(name: str) -> Floats:
    """Return a bundled photograph as (512, 512) float32 in [0, 1], its slow changes of brightness evened out."""
    from skimage import data

    grey = np.asarray(getattr(data, name)(), np.float32) / 255
    even = grey - cv2.GaussianBlur(grey, (0, 0), 60, borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(0.5 + even * (0.19 / even.std()), 0, 1), np.float32)


def _photo(name: str, x: Floats, y: Floats, metres: float) -> Floats:
    """Sample a photograph that covers `metres`, laid twice, turned, and mixed by noise so that no tiles show."""
    image = _photograph(name)
    scale = image.shape[0] / metres
    one = _sample(image, (x + 0.31 * metres) * scale, (y + 0.17 * metres) * scale)
    turned_x, turned_y = 0.8 * x - 0.6 * y + 0.37 * metres, 0.6 * x + 0.8 * y + 0.71 * metres
    other = _sample(image, turned_x * scale, turned_y * scale)
    share = _smoothstep(0.5 + 2.0 * _noise("mix", x / metres * 1.3, y / metres * 1.3))
    # Mixing two textures flattens them; dividing by the norm of the shares keeps the contrast.
    mixed = 0.5 + ((one - 0.5) * (1 - share) + (other - 0.5) * share) / np.hypot(share, 1 - share)
    return np.asarray(np.clip(mixed, 0, 1), np.float32)


@cache
def _lattice(name: str) -> Floats:
    seed = int.from_bytes(name.encode()[:8].ljust(8, b"\0"), "little")
    return np.random.default_rng(seed).uniform(-1, 1, (256, 256)).astype(np.float32)


def _noise(name: str, x: Floats, y: Floats) -> Floats:
    """Return smooth noise in [-1, 1] with one wave to a unit."""
    return _sample(_lattice(name), x + 128, y + 128, cv2.INTER_CUBIC)


def _sample(image: Floats, x: Floats, y: Floats, how: int = cv2.INTER_LINEAR) -> Floats:
    """Read an image as if it repeated for ever, mirrored at its borders."""
    height, width = image.shape
    over_x, over_y = np.mod(x, 2 * width), np.mod(y, 2 * height)
    within_x = np.minimum(over_x, 2 * width - 1 - over_x).astype(np.float32)
    within_y = np.minimum(over_y, 2 * height - 1 - over_y).astype(np.float32)
    return np.asarray(cv2.remap(image, within_x, within_y, how, borderMode=cv2.BORDER_REFLECT), np.float32)


def _hash(column: Floats, row: Floats) -> Floats:
    """Return a number in [0, 1) for each brick."""
    key = (column.astype(np.int64) * 73856093) ^ (row.astype(np.int64) * 19349663)
    return np.asarray(((key * 2654435761) % 65536) / 65536, np.float32)


def _mix(dark: tuple[float, float, float], light: tuple[float, float, float], share: NDArray[Any]) -> Floats:
    low, high = np.asarray(dark, np.float32), np.asarray(light, np.float32)
    return np.asarray(low + (high - low) * share, np.float32)


def _smoothstep(x: NDArray[Any]) -> Floats:
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
