"""Looks for faults by chance, each kind for so long: python -m tests.fuzz --seconds 60 [NAME ...]

Every run prints its seed, how many cases it tried, and what it found; it exits with 1 if that is anything."""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys

import django

from tests.fuzz import edits, flag_text, requests, schedule_text, soak
from tests.fuzz.trials import Trial, run

TRIALS: dict[str, Trial] = {
    "schedule": schedule_text.trial,
    "flag": flag_text.trial,
    "requests": requests.trial,
    "edits": edits.trial,
    "soak": soak.trial,
}


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Looks for faults by chance.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which kinds, of {', '.join(TRIALS)}; default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each kind; default: 60")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: another one each time")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER", help="the trial to begin with")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in TRIALS]:
        parser.error(f"{unknown[0]!r} is none of {', '.join(TRIALS)}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bare_settings"
    django.setup()
    logging.disable()  # what the sites have to say of their own faults
    found = False
    for name in given.names or TRIALS:
        outcome = run(name, TRIALS[name], seconds=given.seconds, seed=given.seed, first=given.first)
        print(outcome, flush=True)
        found = found or bool(outcome.finds)
    return int(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
