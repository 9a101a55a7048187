"""A picture that shows who was found, with their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from videdit.detections.people import Person
from videdit.errors import CannotEncode
from videdit.frames import Region
from videdit.media import VideoReader

_SIDE_PX = 160
_LABEL_PX = 40
_COLUMNS = 6
_ROOM = 1.5


def write_sheet(path: Path, reader: VideoReader, people: Sequence[Person]) -> None:
    """Write a thumbnail of everyone: number, frames, and whether something about them is doubtful.

    Raises CannotEncode if the picture cannot be written.
    """
    columns = max(1, min(_COLUMNS, len(people)))
    rows = max(1, math.ceil(len(people) / columns))
    sheet = np.full((rows * (_SIDE_PX + _LABEL_PX), columns * _SIDE_PX, 3), 32, np.uint8)
    for place, person in enumerate(people):
        top, left = place // columns * (_SIDE_PX + _LABEL_PX), place % columns * _SIDE_PX
        sheet[top : top + _SIDE_PX, left : left + _SIDE_PX] = _thumbnail(reader, person)
        doubtful = sum(1 for one in person.sightings if one.doubt)
        lines = [str(person.number), f"{len(person.sightings)} frames" + (f", {doubtful} in doubt" if doubtful else "")]
        for line, (text, scale, y) in enumerate(zip(lines, (0.6, 0.38), (17, 34), strict=True)):
            at = (left + 5, top + _SIDE_PX + y)
            cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 2 - line, cv2.LINE_AA)
    try:
        written = cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    except cv2.error:
        written = False
    if not written:
        raise CannotEncode("the sheet cannot be written", where=str(path), next_step="name a .png or .jpg file")


def _thumbnail(reader: VideoReader, person: Person) -> NDArray[np.uint8]:
    best = person.best
    x0, y0, x1, y1 = best.box
    half = _ROOM * max(x1 - x0, y1 - y0) / 2
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    height, width = reader.video.size
    region = Region(
        max(0, round(middle_x - half)),
        max(0, round(middle_y - half)),
        min(width, max(1, round(middle_x + half))),
        min(height, max(1, round(middle_y + half))),
    )
    tile = np.full((_SIDE_PX, _SIDE_PX, 3), 32, np.uint8)
    if region.empty:
        return tile
    (picture,) = reader.pictures(best.index, best.index + 1)
    rgb = picture.rgb(region, max_bits=8)
    scale = _SIDE_PX / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile
