"""Make command-line flags of a pydantic model, so that options are declared once."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_PLAIN = (int, float, str, bool)


def parameters_of(
    model: type[BaseModel], *, panel: str, taken: Iterable[str] = (), prefix: str = ""
) -> dict[str, tuple[str, inspect.Parameter]]:
    """Return name of the parameter -> (name of the field, parameter) for each field of `model`.

    A flag that is not given stays None, so that the model's own default holds.
    taken:  names that other flags have; such a field's flag gets `prefix` in front
    """
    occupied = set(taken)
    result: dict[str, tuple[str, inspect.Parameter]] = {}
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) in (dict, Mapping):
            continue  # tables have their place in a pipeline file
        parameter_name = f"{prefix}_{name}" if name in occupied else name
        result[parameter_name] = (name, _parameter(parameter_name, field, panel))
    return result


def _parameter(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = "--" + (field.alias or name).replace("_", "-")
    kind = _flag_type(field.annotation)
    declarations = [f"{flag}/--no-{flag[2:]}"] if kind is bool else [flag]
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    told = "" if default is None else f"  (default: {_shown(default)})"
    option = typer.Option(
        *declarations, help=(field.description or "") + told, rich_help_panel=panel, show_default=False
    )
    return keyword(name, kind, option)


def keyword(name: str, kind: Any, option: Any) -> inspect.Parameter:
    """Return a keyword parameter of type `kind` or None, None by default, that Typer reads as `option`."""
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _flag_type(annotation: Any) -> Any:
    """Return the type a flag has: plain types and choices as they are, all else as text that the model reads."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _flag_type(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        members = [one for one in get_args(annotation) if one is not type(None)]
        return _flag_type(members[0]) if len(members) == 1 else str
    if origin is Literal:
        return annotation if all(isinstance(one, str) for one in get_args(annotation)) else str
    if origin in (list, tuple) and get_args(annotation)[:1] == (str,):
        return list[str]
    return annotation if annotation in _PLAIN else str


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return str(default)


def given(parameters: Mapping[str, tuple[str, inspect.Parameter]], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return field -> value for the flags that were given."""
    return {
        field: values[name]
        for name, (field, _) in parameters.items()
        if values.get(name) is not None and values[name] != []
    }
