"""Settings as README.rst shows them, in which `...` stands for what the project has there already."""

from __future__ import annotations

from typing import Any


def filled(shown: Any, own: Any) -> Any:
    """What is shown, with the project's own entries in the place of each `...`, apart from those that are shown too."""
    if isinstance(shown, dict):
        return {key: filled(value, (own or {}).get(key)) for key, value in shown.items()}
    if not isinstance(shown, list):
        return shown
    if ... not in shown:
        return [filled(value, own[index] if own and index < len(own) else None) for index, value in enumerate(shown)]
    at = shown.index(...)
    return [*shown[:at], *(entry for entry in own if entry not in shown), *shown[at + 1 :]]


def fill(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Fills the settings of a module, given as they were before the README's were added and after."""
    after.update({name: filled(value, before.get(name)) for name, value in after.items() if name.isupper()})
