"""The tree of errors, the runtime, and the public names."""

from __future__ import annotations

import importlib
import pickle
import re

import pytest

import videdit
from videdit import errors
from videdit.errors import BrokenPlugin, MissingCheckpoint, UnknownPlugin, VideditError
from videdit.runtime import Options, Runtime


def every(kind: type[VideditError] = VideditError) -> list[type[VideditError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in every(child))]


# ShapeError is a mistake in a program: it has no branch of its own.
BRANCHES = [one for one in VideditError.__subclasses__() if one is not errors.ShapeError]


def test_each_branch_has_an_exit_code_of_its_own() -> None:
    codes = [one.exit_code for one in [VideditError, *BRANCHES]]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes


def test_leaves_have_their_branchs_code() -> None:
    for branch in BRANCHES:
        assert {one.exit_code for one in every(branch)} == {branch.exit_code}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {
        match[2]: None if match[3] is None else int(match[3])
        for match in re.finditer(r"^    (.*?)(\w+)(?: {2,}(\d+).*)?$", errors.__doc__ or "", re.MULTILINE)
    }
    real = {one.__name__: one for one in every() if one is not errors.ShapeError and one.__module__ == errors.__name__}
    assert set(drawn) == set(real)
    for name, code in drawn.items():
        assert code is None or real[name].exit_code == code
        assert (code is None) == ("exit_code" not in vars(real[name]))


@pytest.mark.parametrize("kind", [one for one in every() if one.__module__ == errors.__name__])
def test_an_error_crosses_process_borders_whole(kind: type[VideditError]) -> None:
    error = kind("the file is torn", where="film.mp4, frame 12", next_step="fetch it again")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "film.mp4, frame 12: the file is torn; fetch it again"
    assert (again.what, again.where, again.next_step) == (error.what, error.where, error.next_step)


def test_an_error_without_place_or_advice() -> None:
    assert str(VideditError("it broke")) == "it broke"


def test_a_bare_runtime_says_what_is_missing() -> None:
    runtime = Runtime()
    with pytest.raises(MissingCheckpoint, match="run `videdit checkpoints pull xmem`"):
        runtime.find_checkpoint("xmem")
    with pytest.raises(UnknownPlugin, match="no filler 'auto'"):
        runtime.make("filler", "auto", {})
    runtime.note("nobody listens")


def test_options_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        Options.model_validate({"radius": 3})


def test_the_public_names_are_those_that_are_found() -> None:
    homes = videdit._HOME_OF
    assert set(videdit.__all__) == set(homes)
    assert len(set(videdit.__all__)) == len(videdit.__all__)
    for name in videdit.__all__:
        assert getattr(videdit, name) is not None
    for name, module in homes.items():
        assert getattr(videdit, name) is getattr(importlib.import_module(module), name)
    assert set(videdit.__all__) <= set(dir(videdit))


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'videdit' has no attribute 'Efect'"):
        videdit.Efect  # noqa: B018


def test_a_broken_plugin_is_a_plugin_error() -> None:
    assert issubclass(BrokenPlugin, errors.PluginError)
