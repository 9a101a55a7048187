"""A web server on this machine that serves weights well, badly, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from videdit.checkpoints import CheckpointStore


@dataclass
class Page:
    """How one address behaves. `breaks` lists after how many bytes each of the first answers is cut off."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/octet-stream"
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    length: bool = True


@dataclass
class Web:
    """The server: its address, its pages by path, and what was asked of it as (path, Range)."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append((self.path, self.headers.get("Range", "")))
            page = web.pages.get(self.path, Page(b"no such page", 404))
            if page.failures:
                return self._answer(page, page.failures.pop(0), b"", 0)
            wanted = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
            if wanted and page.ranges and page.status == 200:
                if int(wanted) >= len(page.body):
                    return self._answer(page, 416, b"", 0)
                return self._answer(page, 206, page.body[int(wanted) :], int(wanted))
            return self._answer(page, page.status, page.body, 0)

        def _answer(self, page: Page, status: int, body: bytes, start: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", page.kind)
            if page.length:
                self.send_header("Content-Length", str(len(body)))
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
            self.end_headers()
            self.wfile.write(body[: page.breaks.pop(0)] if page.breaks else body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_port}"
    yield web
    server.shutdown()
    thread.join()
    server.server_close()


WEIGHTS = bytes(range(256)) * 4000
"""About a megabyte: several reads, and no two neighbouring bytes alike."""


def table(id: str = "net", **changes: object) -> str:
    """Write a table of one entry for WEIGHTS; None takes a key away."""
    fields: dict[str, object] = {
        "role": "filler",
        "file": f"{id}.pth",
        "urls": [],
        "size_bytes": len(WEIGHTS),
        "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
        "digest_from": "publisher",
        "license_weights": "MIT",
        "license_code": "MIT",
        "commercial": "yes",
        "layout": "plain",
        "weights_only": "tensors",
    } | changes
    lines = []
    for key, value in fields.items():
        if isinstance(value, list):
            lines.append(f"{key} = [{', '.join(chr(34) + str(one) + chr(34) for one in value)}]")
        elif value is not None:
            lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}")
    return f'[checkpoint."{id}"]\n' + "\n".join(lines) + "\n"


MakeStore = Callable[..., CheckpointStore]


@pytest.fixture
def weights() -> bytes:
    return WEIGHTS


@pytest.fixture
def make_table() -> Callable[..., str]:
    return table


@pytest.fixture
def page() -> type[Page]:
    return Page


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """make_store(**changes) -> a store of one entry called "net", in an empty folder, that never waits."""

    def make(**changes: object) -> CheckpointStore:
        return CheckpointStore([table(**changes)], [tmp_path / "files"], bundled=False, pause=lambda seconds: None)

    return make
