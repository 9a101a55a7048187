"""What a person would ask: a box, a click, a mask that came from elsewhere, and one correction after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.segmenter.scenes import Scene
from videdit.frames import Mask, Region
from videdit.prompts import Box, Click, Prompt
from videdit_plugins.builtin.segmenter import cutting, evidence
from videdit_plugins.builtin.segmenter.belief import Belief, Weights, believe
from videdit_plugins.builtin.segmenter.learned import CloseLook, surroundings
from videdit_plugins.builtin.segmenter.planes import planes
from videdit_plugins.builtin.segmenter.pointing import Pointing, lay_out

CLICK_RADIUS_PX = 4
LOOK = 160
"""Rows and columns of what the network is shown of a scene."""
MARGINS = (0.2, 0.8)
"""Ground shown around where the object seems to be."""
BOXED, HANDED = 0.3, 0.1
"""Chances of a box, and of a mask from a tracker or a person to begin with; else a click."""
LOOSE = 0.4
"""Chance of a box that does not fit tightly."""
CARELESS = 0.5
"""Chance of a click anywhere inside the largest error, not at its deepest point."""


@dataclass(slots=True)
class Conversation:
    """One scene and what was said about it so far."""

    scene: Scene
    random: np.random.Generator
    prompts: list[Prompt] = field(default_factory=list)
    previous: Mask | None = None
    handed: bool = False
    answers: int = 0
    weights: Weights = field(default_factory=Weights)
    seen: evidence.Picture = field(init=False)
    edges: cutting.Edges = field(init=False)
    pointing: Pointing = field(init=False)
    belief: Belief = field(init=False)
    window: Region = field(init=False)

    def __post_init__(self) -> None:
        self.seen = evidence.picture(self.scene.rgb, self.scene.motion)
        self.edges = cutting.edges_of(self.seen)
        draw = self.random.random()
        if draw < BOXED:
            self.prompts.append(_box(self.scene.truth, self.random))
        elif draw < BOXED + HANDED:
            self.previous = _nearly(self.scene.truth, self.random)
            self.handed = True
            self._click()
        else:
            self._click()

    def question(self) -> NDArray[np.float32]:
        """Return the planes of the present question, (COUNT, LOOK, LOOK), of a window around the first guess."""
        size = self.seen.size
        self.pointing = lay_out(self.prompts, size, size, CLICK_RADIUS_PX)
        loyalty = self._loyalty()
        self.belief = believe(
            self.seen,
            self.pointing,
            self.previous,
            loyalty,
            lambda field: cutting.best_cut(field, self.edges),
            self.weights,
        )
        self.window = self._window()
        shown = planes(self.seen, self.pointing, self.belief, self.previous, loyalty)[:, *self.window.slices]
        return np.stack([_resized(plane, (LOOK, LOOK)) for plane in shown])

    def truth(self) -> Mask:
        """Return (LOOK, LOOK) bool, the right answer to the present question."""
        return _resized(self.scene.truth[self.window.slices].astype(np.float32), (LOOK, LOOK)) > 0.5

    def answered(self, answer: Mask) -> None:
        """Take the network's answer (LOOK, LOOK) and click on what is wrong with it; elsewhere the engine answers."""
        self.answers += 1
        mask = self.belief.field > 0
        height, width = self.window.height, self.window.width
        mask[self.window.slices] = _resized(answer.astype(np.float32), (height, width)) > 0.5
        if self.pointing.box is not None:
            inside = np.zeros_like(mask)
            inside[self.pointing.box.slices] = True
            mask = mask & inside
        mask = (mask | self.pointing.inside) & ~self.pointing.outside
        self.previous = cutting.wanted_parts(mask, self.pointing, self.previous)
        self._click()

    def _window(self) -> Region:
        """Return a square around where the object seems to be, as the engine chooses it."""
        size = self.seen.size
        region = self.pointing.box or CloseLook.region_of(self.belief.guess, self.pointing.inside)
        if region.empty:
            return Region(0, 0, size[1], size[0])
        window = surroundings(region, size, float(self.random.uniform(*MARGINS)))
        side = max(window.width, window.height)
        x0, y0 = (
            min(max(0, (start + stop - side) // 2), length - side)
            for start, stop, length in ((window.x0, window.x1, size[1]), (window.y0, window.y1, size[0]))
        )
        return Region(x0, y0, x0 + side, y0 + side)

    def _loyalty(self) -> float:
        if self.previous is None:
            return 0.0
        if self.handed:
            return self.weights.trusted
        return self.weights.previous + self.weights.previous_step * (len(self.prompts) - 2)

    def _click(self) -> None:
        before = self.previous if self.previous is not None else np.zeros_like(self.scene.truth)
        click = click_on_error(before, self.scene.truth, self.random)
        if click is not None:
            self.prompts.append(click)


def _resized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    how = cv2.INTER_AREA if size[0] < values.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, size[::-1], interpolation=how), np.float32)


def click_on_error(mask: Mask, truth: Mask, random: np.random.Generator) -> Click | None:
    """Return a click in the largest connected error; None where there is none."""
    best: tuple[int, Mask, bool] | None = None
    for wrong, positive in ((truth & ~mask, True), (mask & ~truth, False)):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)
        if len(stats) < 2:
            continue
        label = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        area = int(stats[label, cv2.CC_STAT_AREA])
        if best is None or area > best[0]:
            best = (area, labels == label, positive)
    if best is None:
        return None
    depth = cv2.distanceTransform(np.pad(best[1].astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    if random.random() < CARELESS:
        ys, xs = np.nonzero(depth >= random.uniform(0.3, 1.0) * depth.max())
        chosen = int(random.integers(len(ys)))
        y, x = int(ys[chosen]), int(xs[chosen])
    else:
        y, x = (int(one) for one in np.unravel_index(int(depth.argmax()), depth.shape))
    return Click(x + 0.5, y + 0.5, best[2])


def _box(truth: Mask, random: np.random.Generator) -> Box:
    region = Region.of(truth)
    corners = np.array([region.x0, region.y0, region.x1, region.y1], float)
    if random.random() < LOOSE:
        reach = np.array([region.width, region.height] * 2)
        corners += random.normal(0, 0.03, 4) * reach + np.array([-1, -1, 1, 1]) * random.uniform(0, 0.15) * reach
    height, width = truth.shape
    x0, y0 = np.clip(corners[:2], 0, [width - 2, height - 2])
    x1, y1 = np.clip(corners[2:], [x0 + 1, y0 + 1], [width, height])
    return Box(float(x0), float(y0), float(x1), float(y1))


def _nearly(truth: Mask, random: np.random.Generator) -> Mask:
    """Return `truth` with mistakes of the kind that trackers make: a part lost, a part too much, a crude outline."""
    size = truth.shape
    coarse = random.normal(0, 1, (9, 9)).astype(np.float32)
    bumps = cv2.resize(coarse, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), float(random.uniform(1, 6)))
    nearly = np.asarray(soft + bumps * random.uniform(0.05, 0.45) > 0.5)
    region = Region.of(truth)
    if random.random() < 0.6:
        ys, xs = np.mgrid[0 : size[0], 0 : size[1]]
        side = random.choice([-1.0, 1.0])
        angle = random.uniform(0, np.pi)
        along = (xs - (region.x0 + region.x1) / 2) * np.cos(angle) + (ys - (region.y0 + region.y1) / 2) * np.sin(angle)
        nearly &= side * along < random.uniform(0.1, 0.5) * max(region.width, region.height)
    return nearly
