"""The report is one file that needs no other, and says what happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from videdit.batch import BatchRequest, Selection, run_batch
from videdit.batch.report_page import _runs
from videdit.media import open_video
from videdit.plugins import Plugins
from videdit.project.shot_timing import timing_of
from videdit.shot_lists import read_shots

Make = Callable[..., BatchRequest]


class Seen(HTMLParser):
    """Collects the text of each row, and every address the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append("")
        self.loaded += [value or "" for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if self.rows:
            self.rows[-1] += f" {data}"


def seen(page: Path) -> Seen:
    found = Seen()
    found.feed(page.read_text(encoding="utf-8"))
    return found


def test_report(request_for: Make, plugins: Plugins, tmp_path: Path, film: Path) -> None:
    marker = tmp_path / "no"
    wanted = request_for("fail-until", f'marker = "{marker}"', pass_failed=True, chunk_frames=12, overlap_frames=0)
    (made,) = run_batch(tmp_path / "work", wanted, plugins)
    text = made.report.read_text(encoding="utf-8")
    page = seen(made.report)
    assert all(one.startswith("data:image/jpeg;base64,") for one in page.loaded)
    assert len(page.loaded) == 7  # before and after of what was edited, before of what failed
    assert "<b>oh" not in text
    assert "&lt;b&gt;oh" in text
    rows = [re.sub(r"\s+", " ", row).strip() for row in page.rows]
    assert sum("failed, passed through" in row for row in rows) == 1
    assert any(row.startswith("1 0..11") and "square: 12 frames" in row for row in rows)
    assert any(row.startswith("Tracker colour") for row in rows)
    assert any(row.startswith("Made with videdit") for row in rows)


def test_frames_that_follow_one_another_are_told_as_runs() -> None:
    assert _runs([2, 3, 4, 9, 11, 10]) == "2..4, 9..11"
    assert _runs([]) == ""
    assert _runs(["a", 1]) == "a, 1"


@pytest.mark.parametrize("form", ["edl", "otio"])
def test_what_was_edited_goes_out_as_it_came_in(
    request_for: Make, plugins: Plugins, tmp_path: Path, film: Path, form: str
) -> None:
    wanted = request_for(selection=Selection(shots="2,3"))
    run_batch(tmp_path / "work", wanted, plugins)
    listed = tmp_path / "work" / "film" / f"edited.{form}"
    with open_video(film) as reader:
        ranges = read_shots(listed, timing_of(reader), frame_count=reader.frame_count)
    assert [(one.start, one.stop) for one in ranges] == [(12, 30), (30, 40)]
    again = request_for(selection=Selection(lists=(listed,)))
    (made,) = run_batch(tmp_path / "work", again, plugins)
    assert (made.jobs, made.reused) == (3, 3)
