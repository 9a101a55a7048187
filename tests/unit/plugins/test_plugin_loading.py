"""Plug-ins are found wherever they lie; a broken one is named with where it comes from, and the others go on."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import videdit
from videdit.errors import BrokenPlugin, OptionError, UnknownPlugin
from videdit.plugins import Found, Plugins

GLOW = """
    import videdit

    class Glow(videdit.Effect):
        "Make it shine."
        def render(self, window):
            return window.rgb

    @videdit.hookimpl
    def register_effects(register):
        register("glow", Glow)
"""
Install = Callable[..., None]
Write = Callable[[str, str], Path]


class Glow(videdit.Effect):
    """Make it shine."""

    def render(self, window: videdit.Window) -> Any:
        return window.rgb


class Shining:
    @videdit.hookimpl
    def register_effects(self, register: Any) -> None:
        register("glow", Glow)


def found(plugins: Plugins, name: str) -> Found:
    return next(one for one in plugins.found if one.name == name)


# -- sources -----------------------------------------------------------------------------------------------------------


def test_an_installed_package(install: Install) -> None:
    install("glow", GLOW, distribution="videdit-glow", version="1.2")
    plugins = Plugins()
    assert plugins.names("effect") == ["glow"]
    assert plugins.source("effect", "glow") == "glow (videdit-glow 1.2)"
    assert plugins.find("effect", "glow").summary == "Make it shine."
    assert found(plugins, "glow").hooks == ["register_effects"]


def test_an_installed_package_is_left_out_when_asked(install: Install) -> None:
    install("glow", GLOW)
    assert Plugins(installed=False).found == []


def test_a_file_in_a_folder(write: Write) -> None:
    folder = write("glow.py", GLOW)
    plugins = Plugins(installed=False, directories=[folder])
    assert plugins.names("effect") == ["glow"]
    assert found(plugins, "glow").source == str(folder / "glow.py")


def test_folders_of_the_environment(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write("glow.py", GLOW)
    other = tmp_path / "other"
    other.mkdir()
    (other / "shine.py").write_text((folder / "glow.py").read_text("utf-8").replace('"glow"', '"shine"'), "utf-8")
    monkeypatch.setenv("VIDEDIT_PLUGINS", os.pathsep.join([str(folder), str(other)]))
    assert Plugins(installed=False).names("effect") == ["glow", "shine"]


def test_files_that_begin_with_an_underscore_are_no_plugins(write: Write) -> None:
    write("glow.py", GLOW)
    folder = write("_shared.py", "raise RuntimeError('not to be loaded')")
    assert [one.name for one in Plugins(installed=False, directories=[folder]).found] == ["glow"]


def test_a_folder_named_twice_is_read_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write("glow.py", GLOW)
    monkeypatch.setenv("VIDEDIT_PLUGINS", str(folder))
    plugins = Plugins(installed=False, directories=[folder, folder / "." / ".." / folder.name])
    assert [(one.name, one.error) for one in plugins.found] == [("glow", "")]
    assert plugins.find("effect", "glow").plugin == "glow"


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(OptionError, match="nowhere: the plug-in folder does not exist"):
        Plugins(installed=False, directories=["nowhere"])


def test_a_folder_without_a_name() -> None:
    with pytest.raises(OptionError, match="no plug-in folder is named; write --plugins-dir FOLDER"):
        Plugins(installed=False, directories=[""])


def test_objects() -> None:
    plugins = Plugins(installed=False, objects={"mine": Shining()})
    assert plugins.source("effect", "glow") == "mine (this program)"


def test_one_object_under_two_names_keeps_the_first() -> None:
    one = Shining()
    plugins = Plugins(installed=False, objects={"first": one, "second": one})
    assert [bool(each.error) for each in plugins.found] == [False, True]
    assert plugins.find("effect", "glow").plugin == "first"


def test_a_subset_of_the_installed(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("glow", GLOW)
    install("shine", GLOW.replace('"glow"', '"shine"'))
    assert Plugins(only=["shine"]).names("effect") == ["shine"]
    monkeypatch.setenv("VIDEDIT_LOAD_PLUGINS", "glow, ")
    assert Plugins().names("effect") == ["glow"]
    monkeypatch.setenv("VIDEDIT_LOAD_PLUGINS", "")
    assert Plugins().names("effect") == []


def test_the_environment_can_be_left_out(install: Install, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    install("glow", GLOW)
    monkeypatch.setenv("VIDEDIT_LOAD_PLUGINS", "")
    monkeypatch.setenv("VIDEDIT_PLUGINS", str(write("shine.py", GLOW.replace('"glow"', '"shine"'))))
    assert Plugins().names("effect") == ["shine"]
    assert Plugins(environment=False).names("effect") == ["glow"]


def test_a_misspelt_subset_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install("glow", GLOW)
    monkeypatch.setenv("VIDEDIT_LOAD_PLUGINS", "gow")
    Plugins()
    assert "VIDEDIT_LOAD_PLUGINS names gow, which is not installed" in caplog.text


# -- broken ones -------------------------------------------------------------------------------------------------------

BROKEN = {
    "raises at import": ("raise RuntimeError('no ffi')", "RuntimeError: no ffi"),
    "exits at import": ("import sys\nsys.exit(3)", "SystemExit: 3"),
    "misspells a hook": (
        "import videdit\n@videdit.hookimpl\ndef register_efects(register): ...",
        "there is no hook 'register_efects'; did you mean register_effects?",
    ),
    "misspells an argument": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(regster): ...",
        "Argument(s) {'regster'} are declared in the hookimpl but can not be found in the hookspec",
    ),
    "raises while registering": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(register):\n    register('half', print)\n    1 / 0",
        "ZeroDivisionError: division by zero",
    ),
    "exits while registering": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(register):\n    raise SystemExit('bye')",
        "SystemExit: bye",
    ),
    "registers the same name twice": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(register):\n"
        "    register('half', print)\n    register('half', print)",
        "it registers the effect 'half' twice",
    ),
    "registers what is no factory": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(register):\n    register('half', 12)",
        "the factory of the effect 'half' is int, which cannot be called",
    ),
    "registers a name that no flag can have": (
        "import videdit\n@videdit.hookimpl\ndef register_trackers(register):\n    register('two words', print)",
        "'two words' is no name for a tracker",
    ),
    "registers options that are none": (
        "import videdit\n@videdit.hookimpl\ndef register_effects(register):\n    register('half', print, {'a': 1})",
        "the options of the effect 'half' are no subclass of videdit.Options",
    ),
    "wraps a hook": (
        "import videdit\n@videdit.hookimpl(wrapper=True)\ndef masks_ready(shot, masks):\n    return (yield)",
        "the hook masks_ready cannot be wrapped",
    ),
    "offers a table that is none": (
        "import videdit\n@videdit.hookimpl\ndef register_checkpoints(register):\n    register('a = [\\n')",
        "the table of checkpoints is not valid TOML",
    ),
    "cannot be parsed": ("def register_effects(:", "SyntaxError"),
}


@pytest.mark.parametrize(("code", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_named_and_the_others_go_on(
    install: Install, caplog: pytest.LogCaptureFixture, code: str, told: str
) -> None:
    install("bad", code, distribution="videdit-bad", version="2.0")
    install("glow", GLOW)
    plugins = Plugins()
    bad = found(plugins, "bad")
    assert told in bad.error
    assert "\n" not in bad.error
    assert "Traceback" in bad.trace
    assert bad.source == "videdit-bad 2.0"
    assert "plug-in bad (videdit-bad 2.0) is left out" in caplog.text
    assert plugins.names("effect") == ["glow"]
    assert bad.offers == []


def test_a_broken_plugin_is_mentioned_where_a_name_is_missing(install: Install) -> None:
    install("bad", "raise RuntimeError('no ffi')")
    install("glow", GLOW)
    with pytest.raises(UnknownPlugin, match="no plug-in offers the effect 'halo'; there are: glow; broken: bad"):
        Plugins().find("effect", "halo")


def test_nothing_of_a_broken_plugin_remains(write: Write) -> None:
    folder = write(
        "bad.py",
        """
        import videdit

        TABLE = '''
        [checkpoint."half-net"]
        role = "filler"
        file = "half.pth"
        digest_from = "none"
        license_weights = "MIT"
        license_code = "MIT"
        commercial = "yes"
        layout = "plain"
        weights_only = "tensors"
        '''

        @videdit.hookimpl
        def masks_ready(masks):
            return "changed"

        @videdit.hookimpl
        def register_checkpoints(register):
            register(TABLE)

        @videdit.hookimpl
        def register_trackers(register):
            register("half", print)

        @videdit.hookimpl
        def register_fillers(register):
            raise RuntimeError("too late")
        """,
    )
    before = set(sys.modules)
    plugins = Plugins(installed=False, directories=[folder])
    assert found(plugins, "bad").error == "RuntimeError: too late"
    assert plugins.names("tracker") == []
    assert plugins.checkpoint_tables == []
    assert plugins.masks_ready("shot", "masks") == "masks"
    assert not [name for name in set(sys.modules) - before if "bad" in name]


def test_strict_stops_at_the_first_broken_one(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("bad", "raise RuntimeError('no ffi')", version="2.0")
    monkeypatch.setenv("VIDEDIT_STRICT_PLUGINS", "1")
    with pytest.raises(BrokenPlugin, match=r"plug-in bad \(videdit-bad 2\.0\): RuntimeError: no ffi"):
        Plugins()


def test_two_of_one_name_is_an_error_that_names_both(install: Install) -> None:
    install("glow", GLOW, distribution="videdit-glow", version="1.0")
    install("gleam", GLOW, distribution="videdit-gleam", version="3.1")
    plugins = Plugins()
    with pytest.raises(BrokenPlugin, match=r"by gleam \(videdit-gleam 3\.1\) and by glow \(videdit-glow 1\.0\)"):
        plugins.find("effect", "glow")
    with pytest.raises(BrokenPlugin, match="VIDEDIT_LOAD_PLUGINS"):
        plugins.create("effect", "glow", None, plugins.runtime())


# -- several configurations --------------------------------------------------------------------------------------------


def test_two_configurations_do_not_disturb_each_other(write: Write, tmp_path: Path) -> None:
    one = Plugins(installed=False, directories=[write("glow.py", GLOW)])
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    text = (tmp_path / "plug-ins" / "glow.py").read_text("utf-8")
    (other_folder / "glow.py").write_text(text.replace('"glow"', '"shine"'), "utf-8")
    other = Plugins(installed=False, directories=[other_folder])
    assert one.names("effect") == ["glow"]
    assert other.names("effect") == ["shine"]
    made = one.create("effect", "glow", None, one.runtime())
    # Jobs travel between processes: what a file defines must be found again under its module's name.
    assert type(pickle.loads(pickle.dumps(made.options))) is type(made.options)
    assert pickle.loads(pickle.dumps(type(made))) is type(made)


def test_a_factory_that_raises_is_named_with_its_distribution(install: Install) -> None:
    install("glow", GLOW.replace('"Make it shine."', "def __init__(self, options, runtime): raise KeyError('key')"))
    plugins = Plugins()
    with pytest.raises(BrokenPlugin, match=r"glow \(videdit-glow 0\.1\): 'glow' could not be made: KeyError: 'key'"):
        plugins.create("effect", "glow", None, plugins.runtime())


def test_a_factory_that_exits_is_named(install: Install) -> None:
    install("glow", GLOW.replace('"Make it shine."', "def __init__(self, options, runtime): raise SystemExit(4)"))
    plugins = Plugins()
    with pytest.raises(BrokenPlugin, match="SystemExit: 4"):
        plugins.create("effect", "glow", None, plugins.runtime())
