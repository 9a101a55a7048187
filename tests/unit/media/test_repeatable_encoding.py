"""The same pictures give the same bytes, whatever lay in the memory before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from videdit.testing.clips import make_clip

# glibc fills memory that is handed out with the bytes of MALLOC_PERTURB_; elsewhere this only encodes twice.
ENCODE = """
import sys
from pathlib import Path
from videdit.media import EncodeSettings, SegmentWriter, open_video

with open_video(sys.argv[1]) as reader:
    with SegmentWriter(Path(sys.argv[2]), reader.video, EncodeSettings(preset="veryfast", threads=4)) as writer:
        for picture in reader.pictures():
            writer.write(picture)
    print(writer.info.sha256)
"""


@pytest.mark.parametrize("size", [(90, 160), (108, 192), (288, 352)])
def test_memory_leaves_no_trace(tmp_path: Path, size: tuple[int, int]) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=10, size=size)
    made = {
        subprocess.run(
            [sys.executable, "-c", ENCODE, str(clip.path), str(tmp_path / "segment")],
            env={**os.environ, "MALLOC_PERTURB_": filling}, capture_output=True, text=True, check=True,
        ).stdout
        for filling in ("1", "85", "170")
    }  # fmt: skip
    assert len(made) == 1
