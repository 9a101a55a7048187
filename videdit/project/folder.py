"""The folder of a project: its film, what was decided about it, and the way back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from videdit.errors import ProjectError
from videdit.masks import MaskTrack
from videdit.media import VideoReader, open_video
from videdit.objects import Objects
from videdit.plugins import Plugins
from videdit.project.description import Description, read_description, write_description
from videdit.project.fingerprint import fingerprint
from videdit.project.history import History
from videdit.project.lock import FolderLock
from videdit.project.prompt_masks import save_prompt_mask
from videdit.prompts import MaskPrompt, Prompt
from videdit.runtime import Runtime

DESCRIPTION_NAME = "project.toml"
TRACKS_NAME = "tracks.sqlite"


class ProjectFolder:
    """A film with its description, masks and history, locked while it is open."""

    def __init__(
        self,
        folder: Path,
        source: str | Path | None,
        plugins: Plugins,
        runtime: Runtime,
        *,
        temporary: bool = False,
    ) -> None:
        self.folder = folder
        self._temporary = temporary
        self.plugins = plugins
        self._runtime = runtime
        # Before anything is read there: another process may be changing it.
        self._lock = FolderLock(folder) if folder.is_dir() else None
        try:
            self._begin(None if source is None else Path(source))
        except BaseException:
            self._release()
            raise

    def _begin(self, source: Path | None) -> None:
        file = self.folder / DESCRIPTION_NAME
        if file.is_file():
            self._description = read_description(file)
        elif source is None:
            raise ProjectError("this is no project", where=str(self.folder), next_step="name a film to begin one")
        else:
            self._description = Description()
        self._adopt_source(source)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _adopt_source(self, source: Path | None) -> None:
        known = self._description
        path = source if source is not None else known.source
        if path is None:
            raise ProjectError("the project names no film", where=str(self.folder))
        # Opened first: a film that cannot be read must not leave a project behind.
        self.reader: VideoReader = self._open(path)
        print_now = fingerprint(path)
        if known.fingerprint and known.fingerprint != print_now:
            self.reader.close()
            raise ProjectError(
                f"the project is about another film than {path}, or the film has changed",
                where=str(self.folder),
                next_step="name another project folder",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = FolderLock(self.folder)
        self.decide(replace(known, source=path, fingerprint=print_now))

    def _open(self, path: Path) -> VideoReader:
        reader = self.plugins.open_video(str(path), {})
        return reader if reader is not None else open_video(path)

    @property
    def description(self) -> Description:
        return self._description

    @property
    def objects(self) -> Objects:
        return self._description.objects

    @cached_property
    def track(self) -> MaskTrack:
        """All masks of the film."""
        return MaskTrack.open(self.folder / TRACKS_NAME, size=self.reader.video.size)

    @cached_property
    def _history(self) -> History:
        return History(self.track)

    def decide(self, description: Description) -> Self:
        self._description = description
        self._write()
        self._history.record((self.folder / DESCRIPTION_NAME).read_text(encoding="utf-8"))
        return self

    def _write(self) -> None:
        write_description(self._for_file(), self.folder / DESCRIPTION_NAME)

    def _for_file(self) -> Description:
        """Return the description with every mask that is only in memory saved as a PNG in the project."""
        prompts: list[Prompt] = []
        for prompt in self._description.prompts:
            if isinstance(prompt, MaskPrompt) and prompt.path is None:
                assert prompt.mask is not None
                prompt = replace(prompt, path=save_prompt_mask(prompt.mask, self.folder / "prompts"), mask=None)
            prompts.append(prompt)
        self._description = replace(self._description, prompts=tuple(prompts))
        return self._description

    def undo(self) -> bool:
        """Take the last decision back; False if there is none."""
        return self._go_to(self._history.undo())

    def redo(self) -> bool:
        """Take the last undo back; False if there is none."""
        return self._go_to(self._history.redo())

    def _go_to(self, state: str | None) -> bool:
        if state is None:
            return False
        file = self.folder / DESCRIPTION_NAME
        file.write_text(state, encoding="utf-8")
        self._description = read_description(file)
        return True

    def close(self) -> None:
        """Close the film and the database; a temporary project is deleted."""
        self.reader.close()
        if "track" in self.__dict__:
            self.track.close()
        self._release()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
