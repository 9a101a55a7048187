"""Bring one file from one address to the disk, in as many pieces as it takes."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

from videdit import __version__

_CHUNK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 30.0
_TRIES_WITHOUT_PROGRESS = 3
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_HTML_START = (b"<!doctype html", b"<html")
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class Refused(Exception):
    """This address does not give the file. The text is one clause, for the person."""


class _Broken(Exception):
    """The connection ended early; what arrived is kept and the rest asked for."""


def download(
    url: str,
    part: Path,
    size_bytes: int | None,
    progress: Callable[[int, int], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch `url` into `part`, going on from what lies there already.

    size_bytes: the whole size if it is known
    progress:   told the bytes that are there and the total, 0 while unknown
    pause:      waits that many seconds between tries

    Raises Refused with the reason; what arrived stays in `part` unless it is of no use.
    """
    tries = 0
    while True:
        before = _length(part)
        try:
            if size_bytes is None or before != size_bytes:
                _one_try(url, part, size_bytes, progress)
            break
        except (_Broken, URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
            tries = 0 if _length(part) > before else tries + 1
            if tries >= _TRIES_WITHOUT_PROGRESS:
                raise Refused(f"{host(url)}: {_clause(error)}") from error
            pause(0.5 * 2**tries)
    if size_bytes is not None and _length(part) != size_bytes:
        got = _length(part)
        part.unlink()
        raise Refused(f"{host(url)} sent {got:,} bytes where {size_bytes:,} are expected")


def host(url: str) -> str:
    """Return the name of the server in an address."""
    return urlsplit(url).hostname or url


def _one_try(url: str, part: Path, size_bytes: int | None, progress: Callable[[int, int], None]) -> None:
    have = _length(part)
    if size_bytes is not None and have > size_bytes:
        part.unlink()
        have = 0
    with closing(_ask(url, have)) as response:
        if response.status == 416:
            # The piece on disk is as long as the file, or longer, and its length was not known: begin anew.
            part.unlink(missing_ok=True)
            raise _Broken("the server has no such range")
        goes_on = _begins_at(response, have)
        total = _total(response, have if goes_on else 0)
        first = response.read(_CHUNK_BYTES)
        if not goes_on and _is_page(response, first):
            raise Refused(f"{host(url)} answers with a web page in place of the file (a limit on downloads, say)")
        if size_bytes is not None and total and total != size_bytes:
            raise Refused(f"{host(url)} offers {total:,} bytes where {size_bytes:,} are expected")
        _store(response, first, part, append_at=have if goes_on else 0, total=total or size_bytes or 0, told=progress)
    if total and _length(part) < total:
        raise _Broken("the connection ended early")


def _store(
    response: Any, first: bytes, part: Path, *, append_at: int, total: int, told: Callable[[int, int], None]
) -> None:
    done, chunk = append_at, first
    with part.open("ab" if append_at else "wb") as file:
        while chunk:
            file.write(chunk)
            done += len(chunk)
            told(done, total)
            if total and done > total:
                break
            chunk = response.read(_CHUNK_BYTES)


def _ask(url: str, have: int) -> Any:
    """Open the address from byte `have` on, through the confirmation page that Google Drive puts before big files."""
    response = _open(url, have)
    if response.headers.get_content_type() != "text/html":
        return response
    with closing(response):
        form = _DownloadForm()
        form.feed(response.read(1 << 20).decode("utf-8", "replace"))
    if not form.action:
        raise Refused(f"{host(url)} answers with a web page in place of the file (a limit on downloads, say)")
    return _open(f"{urljoin(response.url, form.action)}?{urlencode(form.fields)}", have)


def _open(url: str, have: int) -> Any:
    headers = {"User-Agent": f"videdit/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused(f"{url} is no http(s) address")
    try:
        return urlopen(Request(url, headers=headers), timeout=_TIMEOUT_SECONDS)
    except HTTPError as error:
        if error.code == 416 and have:
            return error
        with closing(error):
            if error.code in _TRANSIENT_STATUS:
                raise _Broken(f"the server answers {error.code} {error.reason}") from None
            raise Refused(f"{host(url)} answers {error.code} {error.reason}") from None


def _begins_at(response: Any, have: int) -> bool:
    """Say whether the answer goes on at byte `have`; servers without ranges send the whole file again."""
    if not have or response.status != 206:
        return False
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != have:
        raise Refused("the server sends another part of the file than was asked for")
    return True


def _total(response: Any, before: int) -> int:
    length = response.headers.get("Content-Length", "")
    return before + int(length) if length.isdigit() else 0


def _is_page(response: Any, first: bytes) -> bool:
    return response.headers.get_content_type() == "text/html" or first.lstrip()[:14].lower().startswith(_HTML_START)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _clause(error: BaseException) -> str:
    if isinstance(error, URLError):
        error = error.reason if isinstance(error.reason, BaseException) else error
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


class _DownloadForm(HTMLParser):
    """Reads the form with id "download-form": where it leads, and its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("id") == "download-form":
            self._inside, self.action = True, given.get("action", "")
        elif tag == "input" and self._inside and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
