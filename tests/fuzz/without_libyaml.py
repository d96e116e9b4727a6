"""The package's reading of a schedule as it is if PyYAML was built without libyaml, beside the one that has it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import tzinfo
from importlib import import_module

import yaml

from downtime import files
from downtime.files import yaml_nodes
from downtime.files.parser import Parsed
from downtime.files.pure_yaml import PureLoader

_NAMES = ("yaml_nodes", "fields", "parser")


def _imported_anew() -> Callable[[bytes, tzinfo], Parsed]:
    """`parse_bytes` of copies of the modules, imported while libyaml's loader is not to be found."""
    with_libyaml = {name: sys.modules.pop(f"{files.__name__}.{name}") for name in _NAMES}
    for name in _NAMES:
        delattr(files, name)  # else `from downtime.files import yaml_nodes` would find it there
    loader = vars(yaml).pop("CBaseLoader")
    try:
        parser = import_module(f"{files.__name__}.parser")
    finally:
        vars(yaml)["CBaseLoader"] = loader
        for name, module in with_libyaml.items():
            sys.modules[f"{files.__name__}.{name}"] = module
            setattr(files, name, module)
    assert issubclass(parser.yaml_nodes._Loader, PureLoader)
    assert parser.fields.yaml_nodes is parser.yaml_nodes
    parse: Callable[[bytes, tzinfo], Parsed] = parser.parse_bytes
    return parse


assert not issubclass(yaml_nodes._Loader, PureLoader), "this PyYAML has no libyaml with which it could be compared"
parse_bytes_without_libyaml = _imported_anew()
