"""The table of objects: ids never change and never come back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from videdit.errors import OptionError
from videdit.objects import MAX_OBJECT_ID, Object, Objects

NAMES = st.sampled_from(["dog", "cat", "ball", "1", "2", "7"])


class Tables(RuleBasedStateMachine):
    """Objects come, go and are renamed in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Objects()
        self.names: dict[int, str] = {}
        self.gone: set[int] = set()

    @rule(name=NAMES)
    def add(self, name: str) -> None:
        before = self.table.find(name)
        self.table, one = self.table.with_named(name)
        if before is not None:
            assert one == before
        else:
            assert one.object_id not in self.names
            assert one.object_id not in self.gone
            self.names[one.object_id] = name

    @rule(name=NAMES)
    def drop(self, name: str) -> None:
        one = self.table.find(name)
        if one is not None:
            self.table = self.table.without(name)
            self.gone.add(one.object_id)
            del self.names[one.object_id]

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        one = self.table.find(name)
        if one is None:
            return
        if self.table.find(new) in (None, one):
            self.table = self.table.renamed(name, new)
            self.names[one.object_id] = new
        else:
            with pytest.raises(OptionError, match="there is already an object"):
                self.table.renamed(name, new)

    @invariant()
    def ids_and_names_are_as_they_were_given(self) -> None:
        assert {one.object_id: one.name for one in self.table} == self.names
        assert len(set(self.names.values())) == len(self.table)
        assert self.table.next_id > max([0, *self.names, *self.gone])


TestTables = Tables.TestCase
TestTables.settings = settings(max_examples=40, stateful_step_count=30)


@given(st.lists(NAMES, max_size=20))
def test_a_change_leaves_the_old_table_alone(names: list[str]) -> None:
    table = Objects()
    for name in names:
        before = tuple(table)
        new, _ = table.with_named(name)
        assert tuple(table) == before
        table = new


def test_an_object_is_found_by_name_before_id() -> None:
    table, first = Objects().with_named("dog")
    table = Objects((*table.all, Object(5, "1")), 6)
    assert table.find("dog") == first
    assert table.require("1").object_id == 5
    assert table.find("5") == Object(5, "1")


def test_a_name_that_is_not_there() -> None:
    table, _ = Objects().with_named("dog")
    with pytest.raises(OptionError, match="there is no object 'cat'; objects: dog"):
        table.require("cat")
    with pytest.raises(OptionError, match="objects: none yet"):
        Objects().without("cat")


@pytest.mark.parametrize(
    ("table", "name", "told"),
    [(Objects(), "", "name is not empty"), (Objects(next_id=MAX_OBJECT_ID + 1), "dog", "at most 65535 objects")],
)
def test_what_cannot_be_added(table: Objects, name: str, told: Any) -> None:
    with pytest.raises(OptionError, match=told):
        table.with_named(name)


def test_the_last_id_can_be_had() -> None:
    assert Objects(next_id=MAX_OBJECT_ID).with_named("dog")[1].object_id == MAX_OBJECT_ID
