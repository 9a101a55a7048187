"""Turn interlaced frames into progressive ones, frame for frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import av
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as NothingMore
from av.filter import Graph


class Deinterlacer:
    """Bob Weaver deinterlacing (bwdif), one frame out for one frame in."""

    def run(self, frames: Iterable[tuple[int, av.VideoFrame]]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yield (index, frame) with the index, time and duration each frame came with."""
        graph: Graph | None = None
        waiting: deque[tuple[int, int | None, int]] = deque()
        time_base = None
        for index, frame in frames:
            if graph is None:
                graph, time_base = _graph(frame), frame.time_base
            waiting.append((index, frame.pts, frame.duration))
            graph.push(frame)
            yield from _ready(graph, waiting, time_base)
        if graph is not None:
            graph.push(None)
            yield from _ready(graph, waiting, time_base)


def _graph(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    deinterlace = graph.add("bwdif", "mode=send_frame:deint=all")
    sink = graph.add("buffersink")
    source.link_to(deinterlace)
    deinterlace.link_to(sink)
    graph.configure()
    return graph


def _ready(
    graph: Graph, waiting: deque[tuple[int, int | None, int]], time_base: object
) -> Iterator[tuple[int, av.VideoFrame]]:
    while True:
        try:
            frame = graph.pull()
        except (NothingYet, NothingMore):
            return
        assert isinstance(frame, av.VideoFrame)
        index, pts, duration = waiting.popleft()
        frame.pts, frame.time_base, frame.duration = pts, time_base, duration  # type: ignore[assignment]
        yield index, frame
