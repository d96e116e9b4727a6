"""What visitors notice while the schedule is replaced every two seconds: latency, and old answers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks import schedules
from tests.benchmarks.django_site import APP
from tests.benchmarks.figures import at_most, tell
from tests.benchmarks.load import served
from tests.benchmarks.open_loop import Sent
from tests.support.harness import Running

_RATE = 200
_PAUSE = 2.0
_REPLACEMENTS = 5  # in each phase
_PHASES = 3
_SECONDS = _PAUSE * (_REPLACEMENTS + 1)
_COVERED = "/covered"
_WARM_UP = 3.0
_TOO_LATE = 5.0  # milliseconds


class Replacement(NamedTuple):
    """When the schedule was replaced, on the monotonic clock, and the number in it, which grows."""

    moment: float
    number: int


def replaced(server: str, periods: int) -> None:
    """Under one worker of that server, in phases with and without replacing, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        texts = _texts(periods)
        with served(Path(folder, "site"), server, next(texts)[1], APP) as (site, running):
            _finished(_started(running, _WARM_UP))
            still: list[Sent] = []
            busy: list[Sent] = []
            old: list[float] = []
            for _ in range(_PHASES):
                still += _finished(_started(running, _SECONDS))
                sending = _started(running, _SECONDS)
                replacements = [*_replace(site.schedule, texts)]
                sent = _finished(sending)
                busy += sent
                old += _old_answers(sent, replacements)
    _tell(f"replaced, {server}, {periods:,}", still, busy, old, is_long=periods > 1_000)


def _texts(periods: int) -> Iterator[tuple[int, str]]:
    """Schedules of the same length, and the number that is in each; one path is told the number as its Retry-After."""
    ahead = schedules.ahead(periods - 1)
    for number in count(1_000_000):
        yield number, f"{ahead}- {{start: 2020-01-01, paths: [{_COVERED}], retry_after: {number}}}\n"


def _replace(schedule: Path, texts: Iterator[tuple[int, str]]) -> Iterator[Replacement]:
    new = schedule.with_name("new.yml")
    for _ in range(_REPLACEMENTS):
        time.sleep(_PAUSE)
        number, text = next(texts)
        new.write_text(text)
        new.replace(schedule)
        yield Replacement(time.monotonic(), number)


def _started(server: Running, seconds: float) -> subprocess.Popen[str]:
    arguments = (str(server.port), str(_RATE), str(seconds), "/", _COVERED)
    command = [sys.executable, "-m", "tests.benchmarks.open_loop", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _finished(sending: subprocess.Popen[str]) -> list[Sent]:
    """What was sent, all of it answered by the site or by the app."""
    output, _ = sending.communicate()
    assert sending.returncode == 0
    sent = [Sent(*json.loads(line)) for line in output.splitlines()]
    for each in sent:
        assert (each.status == 503 and each.retry_after) if each.path == _COVERED else each.status == 200, each
    return sent


def _old_answers(sent: Sequence[Sent], replacements: Sequence[Replacement]) -> Iterator[float]:
    """For each replacement, how long after it the last request was sent that was answered by what had applied."""
    for moment, number in replacements:
        old = (each.sent - moment for each in sent if 0 < each.retry_after < number and each.sent >= moment)
        yield max(old, default=0.0)


def _tell(what: str, still: Sequence[Sent], busy: Sequence[Sent], old: Sequence[float], *, is_long: bool) -> None:
    without, latencies = ([*_latencies(sent)] for sent in (still, busy))
    p99, calm = _percentile(latencies, 99), _percentile(without, 99)
    tell(f"{what}: p99 without", calm, "ms", digits=1)
    tell(f"{what}: p99", p99, "ms", at_most(20) if is_long else None, digits=1)
    tell(f"{what}: p99 to that without", p99 / calm, "", None if is_long else at_most(2), digits=1)
    worst = (("p99.9", 99.9, None if is_long else at_most(20)), ("max", 100, at_most(60) if is_long else None))
    for name, percent, goal in worst:
        note = f"{_percentile(without, percent):.1f} ms without"
        tell(f"{what}: {name}", _percentile(latencies, percent), "ms", goal, note=note, digits=1)
    tell(f"{what}: old answer, median of {len(old)}", median(old), "s", at_most(1))
    tell(f"{what}: old answer, longest", max(old), "s", at_most(2))
    _tell_generator(what, sorted((each.sent - each.due) * 1e3 for each in (*still, *busy)))


def _tell_generator(what: str, late: Sequence[float]) -> None:
    """By how much it sent later than due, which is part of each latency."""
    p99 = _percentile(late, 99)
    verdict = "the machine is too busy for these latencies to mean anything; " if p99 > _TOO_LATE else ""
    tell(f"{what}: sent late, p99", p99, "ms", note=f"{verdict}at most {late[-1]:.1f} ms", digits=1)


def _latencies(sent: Sequence[Sent]) -> Iterator[float]:
    return ((each.done - each.due) * 1e3 for each in sent)


def _percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
