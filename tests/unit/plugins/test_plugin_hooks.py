"""Choosing engines, checking options, and the hooks that run while a film is worked on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import typer
import typer.testing
from pydantic import Field

import videdit
from videdit.errors import BrokenPlugin, MissingCheckpoint, OptionError, UnknownPlugin
from videdit.plugins import Plugins
from videdit.progress import Progress


class GlowOptions(videdit.Options):
    radius: int = Field(default=8, ge=0, le=64)
    style: Literal["soft", "hard"] = "soft"


class Glow(videdit.Effect):
    Options = GlowOptions

    def render(self, window: videdit.Window) -> Any:
        return window.rgb


def plugins_of(**objects: object) -> Plugins:
    return Plugins(installed=False, objects=objects)


class Offers:
    """Registers trackers: (name, rank, checkpoints)."""

    def __init__(self, *trackers: tuple[str, int, tuple[str, ...]]) -> None:
        self._trackers = trackers

    @videdit.hookimpl
    def register_trackers(self, register: Any) -> None:
        for name, rank, checkpoints in self._trackers:
            register(name, lambda options, runtime: object(), rank=rank, checkpoints=checkpoints)


class OffersGlow:
    @videdit.hookimpl
    def register_effects(self, register: Any) -> None:
        register("glow", Glow)


# -- options -----------------------------------------------------------------------------------------------------------


def test_options_come_from_the_factorys_own_model() -> None:
    plugins = plugins_of(glow=OffersGlow())
    made = plugins.create("effect", "glow", {"radius": 12}, plugins.runtime())
    assert made.options == GlowOptions(radius=12)
    assert plugins.create("effect", "glow", GlowOptions(radius=3), plugins.runtime()).options.radius == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"radius": 65}, "effect glow: radius: Input should be less than or equal to 64; options: radius, style"),
        ({"radius": "wide"}, "effect glow: radius: Input should be a valid integer"),
        ({"style": "odd"}, "style: Input should be 'soft' or 'hard'"),
        ({"radios": 3}, "radios: Extra inputs are not permitted; options: radius, style"),
        ({"radius": -1, "style": "odd"}, "radius: Input should be greater than or equal to 0; style: Input should be"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_allowed(options: dict[str, Any], told: str) -> None:
    plugins = plugins_of(glow=OffersGlow())
    with pytest.raises(OptionError) as raised:
        plugins.create("effect", "glow", options, plugins.runtime())
    assert told in str(raised.value)


def test_options_may_not_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        GlowOptions().radius = 3  # type: ignore[misc]


# -- auto --------------------------------------------------------------------------------------------------------------


def runtime_with(*present: str) -> videdit.Runtime:
    def find(name: str) -> Path:
        if name not in present:
            raise MissingCheckpoint(name)
        return Path(name)

    return videdit.Runtime(find_checkpoint=find)


TRACKERS = Offers(("best", 30, ("big", "small")), ("good", 20, ("small",)), ("plain", 10, ()), ("never", -1, ()))


@pytest.mark.parametrize(
    ("present", "taken", "why"),
    [
        (("big", "small"), "best", "the best there is"),
        (("small",), "good", "no file for best"),
        (("big",), "plain", "no file for best, good"),
        ((), "plain", "no file for best, good"),
    ],
)
def test_auto_takes_the_best_that_is_ready_and_says_why(present: tuple[str, ...], taken: str, why: str) -> None:
    offer, told = plugins_of(them=TRACKERS).choose("tracker", runtime_with(*present))
    assert (offer.name, told) == (taken, why)


def test_what_is_asked_for_by_name_is_taken_whatever_its_rank() -> None:
    offer, told = plugins_of(them=TRACKERS).choose("tracker", runtime_with(), "never")
    assert (offer.name, told) == ("never", "asked for")


def test_equal_ranks_are_taken_by_name() -> None:
    plugins = plugins_of(them=Offers(("b", 5, ()), ("a", 5, ())))
    assert plugins.choose("tracker", runtime_with())[0].name == "a"


def test_auto_without_anything_ready() -> None:
    plugins = plugins_of(them=Offers(("best", 30, ("big",)), ("never", -1, ())))
    with pytest.raises(UnknownPlugin, match="no plug-in offers a tracker that is ready; run `videdit doctor`"):
        plugins.choose("tracker", runtime_with())


def test_an_engine_is_made_by_another_with_the_same_runtime() -> None:
    seen: list[videdit.Runtime] = []

    class Nested:
        @videdit.hookimpl
        def register_fillers(self, register: Any) -> None:
            def make(options: Any, runtime: videdit.Runtime) -> str:
                seen.append(runtime)
                return "inner filler"

            register("inner", make)

        @videdit.hookimpl
        def register_effects(self, register: Any) -> None:
            register("outer", lambda options, runtime: runtime.make("filler", "inner", {}))

    plugins = plugins_of(nested=Nested())
    runtime = plugins.runtime(videdit.Runtime(device="cuda:1", quality="best"))
    assert plugins.create("effect", "outer", None, runtime) == "inner filler"
    assert (seen[0].device, seen[0].quality) == ("cuda:1", "best")


# -- masks_ready -------------------------------------------------------------------------------------------------------


class Appends:
    def __init__(self, what: str | None) -> None:
        self.what = what

    @videdit.hookimpl
    def masks_ready(self, masks: Any) -> Any:
        return None if self.what is None else [*masks, self.what]


class AppendsFirst(Appends):
    @videdit.hookimpl(tryfirst=True)
    def masks_ready(self, masks: Any) -> Any:
        return super().masks_ready(masks)


def test_each_gets_what_the_one_before_returned_and_none_leaves_it() -> None:
    plugins = plugins_of(a=Appends("a"), b=Appends(None), c=Appends("c"))
    assert plugins.masks_ready("shot", ["masks"]) == ["masks", "c", "a"]  # the plug-in loaded last comes first


def test_tryfirst_goes_first() -> None:
    plugins = plugins_of(first=AppendsFirst("first"), a=Appends("a"), b=Appends("b"))
    assert plugins.masks_ready("shot", []) == ["first", "b", "a"]


def test_no_plugin_leaves_the_masks_as_they_are() -> None:
    masks = object()
    assert plugins_of().masks_ready("shot", masks) is masks


@pytest.mark.parametrize("error", [ZeroDivisionError("oh"), SystemExit("oh")])
def test_a_plugin_that_raises_at_masks_is_named(error: BaseException) -> None:
    class Bad:
        @videdit.hookimpl
        def masks_ready(self, shot: Any, masks: Any) -> Any:
            raise error

    with pytest.raises(BrokenPlugin, match=rf"bad \(this program\), shot 7: masks_ready raised {type(error).__name__}"):
        plugins_of(bad=Bad()).masks_ready(7, None)


# -- open_video --------------------------------------------------------------------------------------------------------


class Opens:
    def __init__(self, beginning: str) -> None:
        self.beginning = beginning
        self.options: list[dict[str, Any]] = []

    @videdit.hookimpl
    def open_video(self, source: str, options: dict[str, Any]) -> Any:
        self.options.append(options)
        return f"{self.beginning} reader" if source.startswith(self.beginning) else None


def test_the_first_that_can_read_a_source_does() -> None:
    raw, any_one, nobody = Opens("raw:"), Opens(""), Opens("nobody")
    plugins = plugins_of(last=any_one, raw=raw, first=nobody)
    assert plugins.open_video("raw:film", {"fps": 25}) == "raw: reader"
    assert plugins.open_video("film.mp4", {}) == " reader"
    assert any_one.options == [{}]  # not asked for raw:film
    assert nobody.options == [{"fps": 25}, {}]


def test_nobody_reads_it() -> None:
    assert plugins_of(raw=Opens("raw:")).open_video("film.mp4", {}) is None


def test_options_are_a_copy() -> None:
    class Greedy:
        @videdit.hookimpl
        def open_video(self, options: dict[str, Any]) -> None:
            options.clear()

    raw, options = Opens("raw:"), {"fps": 25}
    plugins_of(raw=raw, greedy=Greedy()).open_video("raw:film", options)
    assert (raw.options, options) == ([{"fps": 25}], {"fps": 25})


def test_a_plugin_that_raises_while_opening_is_named() -> None:
    class Bad:
        @videdit.hookimpl
        def open_video(self, source: str) -> Any:
            raise OSError("no such camera")

    with pytest.raises(BrokenPlugin, match=r"bad \(this program\): open_video raised OSError: no such camera"):
        plugins_of(bad=Bad()).open_video("camera:0", {})


# -- pipeline_event ----------------------------------------------------------------------------------------------------


class Listens:
    def __init__(self, error: BaseException | None = None) -> None:
        self.events: list[Any] = []
        self.error = error

    @videdit.hookimpl
    def pipeline_event(self, event: Any) -> None:
        self.events.append(event)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("error", [ValueError("oh"), videdit.VideditError("oh"), SystemExit("oh")])
def test_what_a_listener_raises_is_logged_and_goes_no_further(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    before, bad, after = Listens(), Listens(error), Listens()
    plugins_of(before=before, bad=bad, after=after).emit("half way")
    assert before.events == bad.events == after.events == ["half way"]
    assert "plug-in bad (this program) failed on an event" in caplog.text
    assert "oh" in caplog.text


def test_a_report_that_plugins_follow() -> None:
    listener = Listens()
    told: list[Any] = []
    report = plugins_of(listener=listener).followed(told.append)
    step = Progress("track", 3, 10)
    report(step)
    assert listener.events == told == [step]


# -- commands ----------------------------------------------------------------------------------------------------------


def command_line(**objects: object) -> tuple[typer.Typer, typer.testing.CliRunner]:
    app = typer.Typer()

    @app.command("remove")
    def remove() -> None:
        print("removed")

    @app.callback()
    def main() -> None:
        """The program."""

    plugins_of(**objects).add_commands(app)
    return app, typer.testing.CliRunner()


class Greets:
    def __init__(self, command: str = "greet") -> None:
        self.command = command

    @videdit.hookimpl
    def register_commands(self, cli: typer.Typer) -> None:
        @cli.command(self.command)
        def greet(name: str = "you") -> None:
            print(f"hello {name}")


def test_a_plugin_adds_a_command() -> None:
    app, runner = command_line(greets=Greets())
    assert runner.invoke(app, ["greet", "--name", "me"]).output == "hello me\n"
    assert runner.invoke(app, ["remove"]).output == "removed\n"


class AddsBadly:
    """Half of its commands are there when it fails; or one is of a type that no command line can have."""

    def __init__(self, how: str) -> None:
        self.how = how

    @videdit.hookimpl
    def register_commands(self, cli: typer.Typer) -> None:
        @cli.command("half")
        def half() -> None:
            print("half")

        if self.how == "exits":
            raise SystemExit("bye")
        if self.how == "raises":
            raise ZeroDivisionError("oh")

        @cli.command("odd")
        def odd(value: int | str) -> None:
            print(value)


@pytest.mark.parametrize("how", ["raises", "exits", "cannot be built"])
def test_broken_commands_leave_the_command_line_whole(how: str, caplog: pytest.LogCaptureFixture) -> None:
    app, runner = command_line(bad=AddsBadly(how), greets=Greets())
    assert runner.invoke(app, ["remove"]).output == "removed\n"
    assert runner.invoke(app, ["greet"]).output == "hello you\n"
    assert runner.invoke(app, ["half"]).exit_code == 2
    assert "plug-in bad (this program) cannot add its commands" in caplog.text


def test_a_command_that_is_there_is_not_replaced(caplog: pytest.LogCaptureFixture) -> None:
    app, runner = command_line(greets=Greets("remove"))
    assert runner.invoke(app, ["remove"]).output == "removed\n"
    assert "there is a command 'remove' already" in caplog.text


# -- trace -------------------------------------------------------------------------------------------------------------


def test_each_call_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VIDEDIT_TRACE_PLUGINS", "1")
    plugins = plugins_of(glow=OffersGlow(), a=Appends("a"), bad=Listens(ValueError("oh")))
    plugins.masks_ready("shot", ["masks"])
    plugins.emit("half way")
    lines = capsys.readouterr().err.splitlines()
    assert "hook register_effects of glow (this program)(register) -> None" in lines
    assert "hook masks_ready of a (this program)(masks=['masks']) -> ['masks', 'a']" in lines
    assert "hook pipeline_event of bad (this program)(event='half way') raised ValueError: oh" in lines


def test_nothing_is_shown_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    plugins_of(glow=OffersGlow()).masks_ready("shot", [])
    assert capsys.readouterr().err == ""
