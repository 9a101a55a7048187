"""The objects of a film: stable ids with names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from videdit.errors import OptionError

MAX_OBJECT_ID = 65535


@dataclass(frozen=True, slots=True)
class Object:
    """One thing that is tracked. `object_id` is 1..65535, never changes and is never reused."""

    object_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Objects:
    """All objects of a film; every change returns a new table.

    next_id is kept with the table, so that the id of a dropped object never comes back.
    """

    all: tuple[Object, ...] = ()
    next_id: int = 1

    def __iter__(self) -> Iterator[Object]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of all, in the order of the table."""
        return tuple(item.object_id for item in self.all)

    def find(self, name: str) -> Object | None:
        """Return the object of that name, or of that id written in digits; None if there is none."""
        for item in self.all:
            if item.name == name:
                return item
        if name.isascii() and name.isdigit():
            return next((item for item in self.all if item.object_id == int(name)), None)
        return None

    def require(self, name: str) -> Object:
        """Like `find`, but raises OptionError that lists the names there are."""
        found = self.find(name)
        if found is None:
            known = ", ".join(item.name for item in self.all) or "none yet"
            raise OptionError(f"there is no object {name!r}", next_step=f"objects: {known}")
        return found

    def with_named(self, name: str) -> tuple[Objects, Object]:
        """Return the table with an object of that name in it, new if it was not there, and the object."""
        found = self.find(name)
        if found is not None:
            return self, found
        if not name:
            raise OptionError("an object's name is not empty")
        if self.next_id > MAX_OBJECT_ID:
            raise OptionError(f"a film holds at most {MAX_OBJECT_ID} objects")
        new = Object(self.next_id, name)
        return Objects((*self.all, new), self.next_id + 1), new

    def renamed(self, name: str, new_name: str) -> Objects:
        """Return the table with one object renamed; its id stays. Raises OptionError if the new name is taken."""
        old = self.require(name)
        if self.find(new_name) not in (None, old):
            raise OptionError(f"there is already an object {new_name!r}")
        return replace(self, all=tuple(replace(o, name=new_name) if o == old else o for o in self.all))

    def without(self, name: str) -> Objects:
        """Return the table without that object; its id is not given out again."""
        gone = self.require(name)
        return replace(self, all=tuple(o for o in self.all if o != gone))
