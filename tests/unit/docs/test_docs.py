"""The documentation says what is: every hook, name, command and exit code; every example in it runs."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer.main

import videdit
from videdit import hookspecs
from videdit.cli import common_flags
from videdit.cli.app import build
from videdit.errors import VideditError
from videdit.example import make_example
from videdit.example.ball import BallFilm
from videdit.example.face import FaceFilm
from videdit.media import EncodeSettings
from videdit.ops import MaskShaping
from videdit.plugins import Plugins
from videdit.project import read_description
from videdit.testing.contracts import check_offer
from videdit.tracking.refining import RefineOptions
from videdit.tracking.reidentify.options import ReidentifyOptions
from videdit_plugins.builtin.filler.options import FillerOptions
from videdit_plugins.builtin.segmenter.options import SegmenterOptions
from videdit_plugins.builtin.tracker.options import TrackerOptions
from videdit_plugins.e2fgvi.options import E2fgviOptions
from videdit_plugins.sam.options import SamOptions
from videdit_plugins.xmem.options import XMemOptions

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, "videdit_spec")}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def text(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def make_api() -> Any:
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- hooks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented_with_its_signature(name: str) -> None:
    arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
    assert f"### `{name}({arguments})`" in text("plugins.md")


def hook_examples() -> list[ModuleType]:
    modules = []
    for number, code in enumerate(blocks("plugins.md", "python")):
        if "@videdit.hookimpl" in code:
            module = ModuleType(f"documented_{number}")
            exec(compile(code, f"docs/plugins.md, example {number}", "exec"), vars(module))
            modules.append(module)
    return modules


def test_every_hook_has_an_example_that_loads() -> None:
    modules = hook_examples()
    plugins = Plugins(installed=False, objects={module.__name__: module for module in modules})
    assert [one.error for one in plugins.found] == [""] * len(modules)
    assert {hook for one in plugins.found for hook in one.hooks} == set(HOOKS)


def test_documented_engines_and_effects_keep_the_contract() -> None:
    for module in hook_examples():
        plugins = Plugins(installed=False, objects={module.__name__: module})
        for one in plugins.found:
            for offer in one.offers:
                failed = [result.line for result in check_offer(offer, plugins.runtime()) if not result.passed]
                assert failed == []


def test_the_register_call_is_documented_as_it_is() -> None:
    called = 'register(name, factory, options=None, *, checkpoints=(), rank=0, summary="", finds=())'
    assert called in text("plugins.md")
    assert called in inspect.getsource(hookspecs)
    seen: list[inspect.Signature] = []

    class Looks:
        @videdit.hookimpl
        def register_effects(self, register: Any) -> None:
            seen.append(inspect.signature(register))

    Plugins(installed=False, objects={"looks": Looks()})
    parameters = [one.replace(annotation=inspect.Parameter.empty) for one in seen[0].parameters.values()]
    assert f"register{inspect.Signature(parameters)}".replace("''", '""') == called


# -- the API -----------------------------------------------------------------------------------------------------------


def test_every_public_name_is_documented_with_its_signature() -> None:
    api, page = make_api(), text("api.md")
    missing = []
    assert {name for names in api.chapters().values() for name in names} == {*videdit.__all__, "open"}
    for names in api.chapters().values():
        for name in names:
            thing = getattr(videdit, name)
            missing += [] if f"### `{api.signature(name, thing)}`" in page else [name]
            methods = [] if name in api.SAID else [one for one, _ in api.members(thing)]
            missing += [f"{name}.{one}" for one in methods if f"- `{one}`" not in page]
    assert missing == [], "run `python docs/make_api.py`"


# -- examples ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    make_example(folder, ball=BallFilm(2), face=FaceFilm(1)).ball.rename(folder / "film.mp4")
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_every_python_example_runs(page: str, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "film.mp4").write_bytes((films / "film.mp4").read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "documented"}
    for number, code in enumerate(blocks(page, "python")):
        exec(compile(code, f"docs/{page}, example {number}", "exec"), names)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")])
def test_every_toml_example_is_understood(page: str, tmp_path: Path) -> None:
    plugins = Plugins()
    for number, code in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(code, "utf-8")
        described = read_description(file)
        for step in described.effects:
            plugins.check_options(plugins.find("effect", step.effect), step.options)
            MaskShaping.model_validate(dict(step.shaping))
        EncodeSettings.model_validate(dict(described.encode))


def test_every_key_of_a_pipeline_file_is_documented() -> None:
    from videdit.project import description, prompt_models

    page = text("pipeline-files.md")
    models = [
        description._FileModel, description._EffectModel, description._EnginesModel, prompt_models.ClickModel,
        prompt_models.BoxModel, prompt_models.StrokeModel, prompt_models.MaskModel, prompt_models.PhraseModel,
        EncodeSettings, MaskShaping,
    ]  # fmt: skip
    keys = {key for model in models for key in model.model_fields} - {"id"}
    assert [key for key in sorted(keys) if not re.search(rf"[`\[]{key}[`\]]", page)] == []


# -- the command line --------------------------------------------------------------------------------------------------


def test_every_command_is_documented() -> None:
    page = text("command-line.md")
    group: Any = typer.main.get_group(build(Plugins()))
    for name, command in group.commands.items():
        line = next((line for line in page.splitlines() if line.startswith(f"| `videdit {name}")), "")
        assert line, f"videdit {name} is not in command-line.md"
        for sub in getattr(command, "commands", {}):
            assert f"`{sub}`" in line, f"videdit {name} {sub} is not in command-line.md"


def documented_commands() -> list[str]:
    """Return the words of every `videdit ...` that stands on a page, without what follows it in the line."""
    found = []
    for page in [*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"]:
        said = page.read_text("utf-8").replace("\\\n", " ")
        found += re.findall(r"^(?: {4})?videdit ([^\n]*?)(?:  #.*)?$", said, re.MULTILINE)
        found += [" ".join(one.split()) for one in re.findall(r"`videdit ([^`]*)`", said)]
    return found


def test_every_flag_of_a_documented_command_is_there() -> None:
    group: Any = typer.main.get_group(build(Plugins()))
    unknown = []
    for line in documented_commands():
        words, command = line.split(), group
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        # `videdit batch FILM` is `videdit batch run FILM`; of effects that a plug-in brings the flags are its own.
        command = getattr(command, "commands", {}).get("run", command) if command is not group else None
        known = {
            one for of in (group, command) if of for flag in of.params for one in (*flag.opts, *flag.secondary_opts)
        }
        flags = re.findall(r"(?<=[ \[])--?[a-z][\w-]*", f" {' '.join(words)}") if command else []
        unknown += [f"videdit {line}: {flag}" for flag in flags if flag not in known | {"--help"}]
    assert unknown == []


def test_every_shared_flag_is_documented() -> None:
    page = text("command-line.md")
    groups = [
        common_flags.PROMPTS,
        common_flags.WORK,
        common_flags.ENGINES,
        common_flags.OUTPUT,
        [common_flags.PREVIEW],
    ]
    for parameter in (one for group in groups for one in group):
        for flag in parameter.annotation.__metadata__[0].param_decls:
            assert any(f"`{one}" in page or f" {one}`" in page for one in flag.split("/")), flag


def test_exit_codes_are_those_of_the_errors() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)`", text("command-line.md"), re.MULTILINE))
    branches = [VideditError, *(one for one in VideditError.__subclasses__() if "exit_code" in vars(one))]
    assert {int(code): name for code, name in rows.items()} == {one.exit_code: one.__name__ for one in branches}


def anchors(page: Path) -> set[str]:
    """Return what a link may name behind its "#": the headings, as GitHub writes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text("utf-8")):
        aimed = page.parent / target if target else page
        assert aimed.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(aimed), f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize(
    ("page", "options"),
    [
        ("builtin-segmenter.md", SegmenterOptions),
        ("builtin-tracker.md", TrackerOptions),
        ("builtin-filler.md", FillerOptions),
        ("e2fgvi.md", E2fgviOptions),
        ("sam-and-xmem.md", SamOptions),
        ("sam-and-xmem.md", XMemOptions),
        ("re-identification.md", ReidentifyOptions),
        ("corrections.md", RefineOptions),
    ],
)
def test_every_option_stands_in_a_table(page: str, options: type[videdit.Options]) -> None:
    rows = "".join(re.findall(r"^\|[^|]*", text(page), re.MULTILINE))
    assert [name for name in options.model_fields if f"`{name}`" not in rows] == []


def test_every_part_stands_in_the_architecture() -> None:
    root = DOCS.parent
    page = (root / "ARCHITECTURE.md").read_text("utf-8")
    folders = [root / "videdit", root / "plugins/videdit_plugins", root / "plugins/videdit_plugins/builtin"]
    inside = [path for folder in folders for path in folder.iterdir()]
    parts = {path.stem for path in inside if path.suffix == ".py" or any(path.glob("*.py"))}
    parts |= {path.name for path in (root / "tests").iterdir() if any(path.glob("**/*.py"))}
    missing = [name for name in sorted(parts) if not name.startswith("__") and not re.search(rf"\b{name}\b", page)]
    assert missing == []


def test_what_the_architecture_names_is_there() -> None:
    root = DOCS.parent
    page = (root / "ARCHITECTURE.md").read_text("utf-8")
    folders = [root, root / "videdit", root / "plugins/videdit_plugins", root / "plugins/videdit_plugins/builtin"]
    named = [name for name in re.findall(r"`([\w/]+(?:\.py|/))`", page) if name not in MADE_IN_A_PROJECT]
    assert [name for name in named if not any((folder / name).exists() for folder in folders)] == []


MADE_IN_A_PROJECT = {"rendered/"}
