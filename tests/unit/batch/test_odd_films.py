"""Films that are not as plain as most come out of a batch with their peculiarities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videdit.batch import BatchRequest, run_batch
from videdit.media import open_video
from videdit.plugins import Plugins
from videdit.shot_lists import write_shots
from videdit.shots import shots_from_cuts
from videdit.testing.clips import make_clip

Make = Callable[..., BatchRequest]

ODD: dict[str, dict[str, Any]] = {
    "its frames are not equally far apart": {"pts": [0, 1, 3, 4, 8, 9, 10, 15, 16, 17, 18, 30], "audio": 1},
    "it is stored on its side": {"rotation": 90, "audio": 1},
    "it has no sound": {},
    "it has two sounds and begins late": {"audio": 2, "offset": 2},
    "its shots are of one frame": {"cuts": range(1, 12), "audio": 1},
    "it is one frame": {"frames": 1},
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_films(request_for: Make, plugins: Plugins, tmp_path: Path, odd: str) -> None:
    film, listed = tmp_path / "film.mkv", tmp_path / "shots.json"
    truth = make_clip(film, **ODD[odd])
    write_shots(listed, shots_from_cuts([*truth.cuts], truth.frame_count))
    wanted = request_for(films=(film,), shot_list=listed, encode={"lossless": True})
    assert wanted.pipeline is not None
    wanted.pipeline.write_text(
        '[engines]\nstatic = true\n[[prompts]]\nkind = "box"\nobject = "corner"\nat = 0\nx0 = 0\ny0 = 0\nx1 = 16\n'
        'y1 = 16\n[[effects]]\nname = "invert"\n',
        encoding="utf-8",
    )
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    assert made.finished is not None
    assert made.jobs == len(truth.shots)
    with open_video(film) as source, open_video(made.out) as result:
        assert result.video.size == source.video.size == truth.size
        assert [pts * result.video.time_base for pts in result.timestamps] == [
            pts * source.video.time_base for pts in source.timestamps
        ]
        for before, after in zip(source.pictures(), result.pictures(), strict=True):
            one, other = before.to_frame().rgb8.astype(int), after.to_frame().rgb8
            assert np.abs(255 - one[2:14, 2:14] - other[2:14, 2:14]).max() < 12
            assert np.abs(one[24:, 24:] - other[24:, 24:]).max() < 3
