"""Tell whether a film is still the film that was worked on."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PIECE_BYTES = 1 << 20


def fingerprint(source: Path) -> str:
    """Return a hash of a source's size and its first and last MiB; of a folder, of its files' names and sizes.

    Reading a whole film for its hash would cost more than many an edit; containers keep their tables at one of the
    ends, so a film that changed shows there.
    """
    digest = hashlib.sha256()
    if source.is_dir():
        for path in sorted(source.iterdir()):
            if path.is_file():
                digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        return digest.hexdigest()
    if not source.is_file():
        # A pattern such as frames/%05d.png, or a source that a plug-in opens.
        return hashlib.sha256(str(source).encode()).hexdigest()
    size = source.stat().st_size
    digest.update(f"{size}\0".encode())
    with source.open("rb") as file:
        digest.update(file.read(_PIECE_BYTES))
        if size > _PIECE_BYTES:
            file.seek(max(_PIECE_BYTES, size - _PIECE_BYTES))
            digest.update(file.read(_PIECE_BYTES))
    return digest.hexdigest()
