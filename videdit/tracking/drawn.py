"""Prompts taken as they are drawn: for what stands still, such as a watermark or subtitles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from videdit.errors import NothingSelected, OptionError
from videdit.frames import Mask
from videdit.masks import MaskEntry, MaskTrack, PackedMask
from videdit.progress import Progress, Report, silent
from videdit.prompts import Box, MaskPrompt, Prompt, Stroke
from videdit.shots import Shot, shot_inside
from videdit.tracking.keys import STAGE_VERSION, digest, prompt_facts
from videdit.tracking.ledger import PartLedger
from videdit.tracking.pieces import Piece
from videdit.tracking.prompting import check_prompt, load_mask
from videdit.tracking.stage import Pointed


class DrawnStage:
    """Lays what is drawn of each object, on whatever frames, on every frame: in all shots, across cuts.

    It keeps the same books as the tracking stage, so that either replaces what the other made.

    source: fingerprint of the film, part of every key
    size:   height and width of the frames
    """

    def __init__(self, *, source: str, size: tuple[int, int], track: MaskTrack) -> None:
        self._source = source
        self._size = size
        self._track = track

    def mask(self, one: Pointed) -> Mask:
        """Return (H, W) bool, the object's mask on every frame."""
        return drawn(_prompts(one), self._size, one.name)

    def run(
        self, objects: Sequence[Pointed], shots: Iterable[Shot], *, span: Shot | None = None, report: Report = silent
    ) -> None:
        """Bring the masks of `objects` up to date in every one of `shots`, kept inside `span` where it is given."""
        parts = [part for shot in shots if (part := shot_inside(shot, span)) is not None]
        masks = {one.object_id: PackedMask.pack(self.mask(one)) for one in objects}
        done, total = 0, sum(map(len, parts))
        for part in parts:
            self._lay(objects, masks, part)
            done += len(part)
            report(Progress("track", done, total, note=f"shot {part.start}-{part.stop - 1}"))

    def _lay(self, objects: Sequence[Pointed], masks: dict[int, PackedMask], part: Shot) -> None:
        ledger = PartLedger(self._track, part)
        wanted = {Piece(one.object_id, part.start, part.stop, "drawn"): self._key(one, part) for one in objects}
        jobs = ledger.plan(masks, wanted)
        with self._track.transaction():
            ledger.take_up(masks, wanted, jobs)
            for job in reversed(jobs):
                for piece in job.live:
                    mask = masks[piece.object_id]
                    self._track.put(MaskEntry(piece.object_id, index, mask, 1.0, "prompt") for index in part)
                ledger.finish(job)

    def _key(self, one: Pointed, part: Shot) -> str:
        told = [prompt_facts(prompt) for prompt in _prompts(one)]
        return digest(STAGE_VERSION, self._source, "drawn", part.start, part.stop, told)


def _prompts(one: Pointed) -> list[Prompt]:
    return [prompt for _, some in sorted(one.prompts.items()) for prompt in some]


def drawn(prompts: Iterable[Prompt], size: tuple[int, int], name: str) -> Mask:
    """Return (H, W) bool: what a box, a stroke or a mask touches, less what negative strokes and masks touch.

    prompts: all of object `name`, on whatever frames, in the order they count
    size:    height and width of the frame

    Raises OptionError for prompts that draw no area, OutsideFrame, and NothingSelected if nothing is left.
    """
    where = f"object {name!r}"
    mask: Mask = np.zeros(size, np.bool_)
    for prompt in prompts:
        check_prompt(prompt, size, 0)
        if isinstance(prompt, Box):
            rows = slice(int(np.floor(prompt.y0)), int(np.ceil(prompt.y1)))
            mask[rows, int(np.floor(prompt.x0)) : int(np.ceil(prompt.x1))] = True
        elif isinstance(prompt, Stroke):
            mask[_line(prompt, size)] = prompt.positive
        elif isinstance(prompt, MaskPrompt):
            loaded = load_mask(prompt, size, 0).mask
            assert loaded is not None
            mask[loaded] = prompt.positive
        else:
            raise OptionError(
                f"a {type(prompt).__name__.lower()} draws no area, and static masks are taken as they are drawn",
                where=where,
                next_step="draw it with --box, --stroke or --mask, or leave --static out",
            )
    if not mask.any():
        raise NothingSelected("nothing is drawn", where=where, next_step="draw it with --box, --stroke or --mask")
    return mask


def _line(stroke: Stroke, size: tuple[int, int]) -> Mask:
    import cv2

    canvas = np.zeros(size, np.uint8)
    points = [(round(x), round(y)) for x, y in stroke.points]
    for start, end in zip(points, points[1:] or points, strict=False):
        cv2.line(canvas, start, end, 1, max(1, round(2 * stroke.radius_px)))
    touched: Mask = canvas > 0
    return touched
