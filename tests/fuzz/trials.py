"""Runs trials by chance until the time is over, and tells the seed, how many there were and what was found."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

Trial = Callable[[random.Random], int]
"""Tries what the given source of chance leads to, and returns how many cases that were; raises if one is wrong."""

_MOST_FINDS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a number of trials."""

    name: str
    seed: int
    seconds: float
    cases: int
    finds: tuple[str, ...]

    def __str__(self) -> str:
        found = "\n".join(self.finds) or "nothing found"
        return f"{self.name}: seed {self.seed}, {self.cases:,} cases in {self.seconds:.0f} s: {found}"


def run(name: str, trial: Trial, *, seconds: float, seed: int, first: int = 0) -> Outcome:
    """Tries again and again, from the trial of that number on; the same seed and number lead to the same trial."""
    begun, cases, number = time.monotonic(), 0, first
    finds: list[str] = []
    while len(finds) < _MOST_FINDS and (number == first or time.monotonic() - begun < seconds):
        try:
            cases += trial(random.Random(f"{seed}/{number}"))
        except Exception:  # whatever it is, it is what is looked for
            again = f"python -m tests.fuzz {name} --seconds 0 --seed {seed} --first {number}"
            finds.append(f"trial {number} has found something; to see it again: {again}\n{traceback.format_exc()}")
        number += 1
    return Outcome(name, seed, time.monotonic() - begun, cases, tuple(finds))
