"""A short run of each kind of `python -m tests.fuzz`, which .github/CONTRIBUTING.md describes."""

import random
import re
import subprocess
import sys

import pytest

from tests.fuzz.__main__ import TRIALS
from tests.fuzz.trials import run
from tests.support.programs import ROOT, require

SECONDS = 6
SEED = 14  # the same in each run, so that one tells of the change and not of chance


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", TRIALS)
def test_it_finds_nothing(name: str) -> None:
    if name == "soak":
        for needed in ("gunicorn", "uvicorn"):
            require(needed)
    ran = fuzz(name, "--seconds", str(SECONDS), "--seed", str(SEED))
    assert re.fullmatch(rf"{name}: seed {SEED}, [\d,]+ cases in \d+ s: nothing found\n", ran.stdout), ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_says_which_kinds_there_are() -> None:
    ran = fuzz("requets")
    assert ran.returncode == 2
    assert f"'requets' is none of {', '.join(TRIALS)}" in ran.stderr


def test_what_is_found_is_told_with_what_leads_to_it_again() -> None:
    tried: list[float] = []

    def trial(chance: random.Random) -> int:
        tried.append(chance.random())
        assert len(tried) < 5, "too much"
        return 10

    outcome = run("edits", trial, seconds=60, seed=7)
    assert (outcome.cases, len(outcome.finds)) == (40, 3)
    assert "AssertionError: too much" in outcome.finds[0]
    [again] = re.findall(r"python -m tests\.fuzz edits --seconds 0 --seed 7 --first (\d+)", outcome.finds[0])
    found, number = tried[4], len(tried)
    run("edits", trial, seconds=0, seed=7, first=int(again))
    assert tried[number:] == [found]
