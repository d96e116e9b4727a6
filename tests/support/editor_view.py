"""A schedule as an editor sees it, which knows YAML 1.2 and the schema, and the schema itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

import downtime

SCHEMA_FILE = Path(downtime.__file__).parent / "schedule.schema.json"
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text())


class NoInstance(Exception):
    """The text is nothing that a schema could be asked about: an editor tells already that it is no sound YAML."""


class _CoreLoader(yaml.CSafeLoader):
    """Reads plain scalars as the core schema of YAML 1.2 does: `no` and 2026-12-01 are texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    yaml_constructors: dict[Any, Any] = {}

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        return super().construct_object(node, deep=True)


def _resolve(kind: str, pattern: str, first: str) -> None:
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern, re.ASCII), list(first))


_resolve("null", r"(?:~|null|Null|NULL)?\Z", "~nN")
_CoreLoader.yaml_implicit_resolvers[""] = _CoreLoader.yaml_implicit_resolvers["~"]
_resolve("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF")
_resolve("int", r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z", "-+0123456789")
_resolve(
    "float",
    r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z",
    "-+0123456789.",
)


def _integer(loader: _CoreLoader, node: yaml.ScalarNode) -> int:
    return int(node.value, 0) if node.value[:2] in ("0o", "0x") else int(node.value)


def _mapping(loader: _CoreLoader, node: yaml.MappingNode) -> dict[str, Any]:
    keys = [key.value for key, _ in node.value]
    if not all(isinstance(key, str) for key in keys) or len(keys) != len(set(keys)):
        raise yaml.YAMLError("a key is no text, or is there twice")
    return {key: loader.construct_object(value) for key, (_, value) in zip(keys, node.value, strict=True)}


def _unknown(loader: _CoreLoader, node: yaml.Node) -> object:
    raise yaml.YAMLError(f"the tag {node.tag} is not known")


_CONSTRUCTORS = {
    "null": lambda loader, node: None,
    "bool": lambda loader, node: node.value.lower() == "true",
    "int": _integer,
    "float": lambda loader, node: float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan")),
    "str": lambda loader, node: loader.construct_scalar(node),
    "seq": lambda loader, node: loader.construct_sequence(node),
    "map": _mapping,
}
for name, construct in _CONSTRUCTORS.items():
    _CoreLoader.add_constructor(f"tag:yaml.org,2002:{name}", construct)
_CoreLoader.add_constructor(None, _unknown)


def instance_of(text: str) -> Any:
    """The JSON value that the text stands for; raises NoInstance."""
    try:
        return yaml.load(text.removeprefix("\ufeff"), Loader=_CoreLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NoInstance(str(error)) from error


def _match(validator: Any, pattern: str, value: object, schema: object) -> Iterator[ValidationError]:
    # To ECMA 262, whose expressions these are, $ is the end of the text, and never before a last line break.
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


VALIDATOR = extend(Draft202012Validator, {"pattern": _match})(SCHEMA)


def complaints(text: str) -> list[str]:
    """What an editor that has the schema complains of; none if it takes the text."""
    try:
        return [error.message for error in VALIDATOR.iter_errors(instance_of(text))]
    except NoInstance as error:
        return [str(error)]
