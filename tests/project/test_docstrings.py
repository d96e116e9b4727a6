"""Docstrings promise; that each public thing has one is ruff's to see."""

import ast
from collections.abc import Iterator

import pytest

from tests.project.test_layers import MODULES, tree_of


def docstrings(module: str) -> Iterator[str]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value  # below an attribute


@pytest.mark.parametrize("module", MODULES)
def test_no_docstring_is_a_question(module: str) -> None:
    assert [text for text in docstrings(module) if "?" in text] == []
