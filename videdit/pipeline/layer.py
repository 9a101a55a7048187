"""One effect at work on one shot: cut the window, ask the effect, say where its pixels go."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from videdit.devices import is_out_of_memory
from videdit.effect import Effect, Patch, ShotView, Window
from videdit.errors import BrokenPlugin, VideditError
from videdit.filler import MaskSequence
from videdit.frames import Alpha, Mask, Region, Rgb
from videdit.ops import MaskShaping, alpha_of, length_px, pad_to_multiple
from videdit.pipeline.shot_masks import ShotMasks

Cut: TypeAlias = Callable[[Region, int], Rgb]
"""cut(region, max_bits) -> (h, w, 3): the pixels of a region as the effects before left them."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Pixels to lay into a frame.

    rgb:   (h, w, 3) of the region
    alpha: (h, w) float32 in [0, 1]
    matte: (h, w) float32 in [0, 1], the film's own opacity, or None
    """

    region: Region
    rgb: Rgb
    alpha: Alpha
    matte: Alpha | None


class Layer:
    """An effect, set up for one shot."""

    def __init__(
        self, effect: Effect, name: str, masks: ShotMasks, shaped: MaskSequence, shaping: MaskShaping, view: ShotView
    ) -> None:
        self.effect = effect
        self.name = name
        self._masks = masks
        self._shaped = shaped
        self._shaping = shaping
        self._view = view
        self._started = False

    def render(self, index: int, time_seconds: Fraction, cut: Cut) -> Laid | None:
        """Return what the effect makes of frame `index`; None where it leaves the frame alone.

        Raises BrokenPlugin that names effect and frame if the effect raises anything of its own, or returns pixels of
        another size or type than it was given.
        """
        effect = self.effect
        mask = self._shaped[index]
        alpha, region = self._place(mask)
        if region.empty:
            return None
        rgb = cut(region, effect.max_bits)
        window = self._window(index, time_seconds, region, rgb, mask, alpha)
        where = f"effect {self.name}, frame {index}"
        try:
            if not self._started:
                effect.start(self._view)
                self._started = True
            answer = effect.render(window)
        except (VideditError, MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise BrokenPlugin(f"it raised {type(error).__name__}: {error}", where=where) from error
        if answer is None:
            return None
        patch = answer if isinstance(answer, Patch) else Patch(answer)
        return self._checked(patch, window, region, where)

    def _place(self, mask: Mask) -> tuple[Alpha, Region]:
        """Return the alpha of the whole frame and the region that the effect is asked for."""
        size = self._view.size
        if self.effect.where == "everywhere":
            return np.ones(size, np.float32), Region.whole(size)
        alpha = alpha_of(mask, self._shaping)
        if self.effect.where == "outside":
            return 1 - alpha, Region.whole(size)
        near = Region.of(mask).grown(math.ceil(length_px(self._shaping.feather, size[0])), size)
        tight = Region.of(alpha[near.slices])
        region = Region(near.x0 + tight.x0, near.y0 + tight.y0, near.x0 + tight.x1, near.y0 + tight.y1)
        return alpha, region if region.empty else region.grown(self.effect.margin_px, size)

    def _window(self, index: int, time_seconds: Fraction, region: Region, rgb: Rgb, mask: Mask, alpha: Alpha) -> Window:
        multiple = self.effect.multiple_of
        inside = region.slices
        objects: dict[int, Mask] = {}
        for object_id in self._masks.object_ids:
            one = self._masks.mask(object_id, index)
            if one is not None:
                objects[object_id], _ = pad_to_multiple(one[inside], multiple)
        pixels, _ = pad_to_multiple(rgb, multiple)
        pixels.flags.writeable = False
        padded_mask, _ = pad_to_multiple(mask[inside], multiple)
        padded_alpha, _ = pad_to_multiple(alpha[inside], multiple)
        return Window(
            index=index,
            time_seconds=time_seconds,
            region=region,
            rgb=pixels,
            mask=padded_mask,
            alpha=padded_alpha,
            shot=self._view,
            objects=objects,
        )

    @staticmethod
    def _checked(patch: Patch, window: Window, region: Region, where: str) -> Laid:
        rgb = np.asarray(patch.rgb)
        if rgb.shape != window.rgb.shape or rgb.dtype != window.rgb.dtype:
            raise BrokenPlugin(
                f"it returned {rgb.shape} {rgb.dtype}, but was given {window.rgb.shape} {window.rgb.dtype}",
                where=where,
                next_step="an effect returns pixels of its window's size and type",
            )
        planes: list[Alpha | None] = [patch.alpha if patch.alpha is not None else window.alpha, patch.matte]
        for plane in planes:
            if plane is not None and plane.shape != rgb.shape[:2]:
                raise BrokenPlugin(f"its alpha is {plane.shape}, but its pixels are {rgb.shape[:2]}", where=where)
        height, width = region.height, region.width
        alpha, matte = (
            None if plane is None else np.asarray(plane[:height, :width], dtype=np.float32) for plane in planes
        )
        assert alpha is not None
        return Laid(region, rgb[:height, :width], alpha, matte)
