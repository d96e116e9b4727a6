"""The schedules on which the app is measured."""

from __future__ import annotations

_AHEAD = """\
- name: period-{number}
  start: {year}-12-01 02:00
  end: {year}-12-01 04:00
  message: We are moving to faster disks.
"""
_ACTIVE = "- {{start: 2020-01-01, end: 2199-01-01, message: We are moving to faster disks.{more}}}\n"

WHOLE = "periods:\n" + _ACTIVE.format(more="")
"""The whole site is down, until an end that is known."""
READ_ONLY = "periods:\n" + _ACTIVE.format(more=", read_only: true")
"""The whole site can be read."""


def ahead(periods: int) -> str:
    """That many periods, none of which applies in this century."""
    entries = (_AHEAD.format(number=number, year=2100 + number % 800) for number in range(periods))
    return "periods:\n" + "".join(entries)


def partial(periods: int) -> str:
    """That many periods that apply, each to a path of its own: /part-0, /part-1, …"""
    return "periods:\n" + "".join(_ACTIVE.format(more=f", paths: [/part-{number}]") for number in range(periods))
