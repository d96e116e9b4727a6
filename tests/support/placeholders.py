"""Settings as README.rst shows them, in which `...` stands for what the project already has there."""

from __future__ import annotations

from typing import Any


def filled(shown: Any, own: Any) -> Any:
    """The value shown, with each `...` replaced by those of the project's own entries that are not shown."""
    if isinstance(shown, dict):
        return {key: filled(value, (own or {}).get(key)) for key, value in shown.items()}
    if not isinstance(shown, list):
        return shown
    if ... not in shown:
        return [filled(value, own[index] if own and index < len(own) else None) for index, value in enumerate(shown)]
    at = shown.index(...)
    return [*shown[:at], *(entry for entry in own if entry not in shown), *shown[at + 1 :]]


def fill(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Fills in the settings of a module, given before and after the README's were added."""
    after.update({name: filled(value, before.get(name)) for name, value in after.items() if name.isupper()})
