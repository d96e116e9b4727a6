"""What the commands take on a long schedule, above a command that does nothing."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks import schedules
from tests.benchmarks.figures import at_most, figure, tell
from tests.benchmarks.programs import cpu_of_program
from tests.support.harness import Site

_PERIODS = 10_000
_ROUNDS = 9
_NOTHING = """
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    requires_system_checks = []

    def handle(self, *args, **options):
        print("nothing")
"""
_SCHEDULE = ("downtime_schedule", "new-disks", "--start", "2090-12-01 02:00", "--for", "2h")


def commands() -> None:
    """Processor time with all that Python and Django take, in turns, and the median of the differences."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), settings={"INSTALLED_APPS": ["downtime", "idle"]})
        module = Path(folder, "idle", "management", "commands", "nothing.py")
        module.parent.mkdir(parents=True)
        module.write_text(_NOTHING)
        site.environment["PYTHONPATH"] += f":{folder}"
        rounds = [_round(site) for _ in range(_ROUNDS + 1)][1:]
    nothing, schedule, status = zip(*rounds, strict=True)
    tell("a command that does nothing", figure(nothing), "s", digits=2)
    for name, taken, bound in (("downtime_schedule", schedule, 1.0), ("downtime_status", status, 0.6)):
        above = figure(own - idle for own, idle in zip(taken, nothing, strict=True))
        times = figure(own / idle for own, idle in zip(taken, nothing, strict=True)).median
        note = f"{times:.1f} times that"
        tell(f"{name} on {_PERIODS:,}, above that", above, "s", at_most(bound), note=note, digits=2)


def _round(site: Site) -> list[float]:
    """Seconds of the processor of each."""
    site.schedule.write_text(schedules.ahead(_PERIODS))
    said = {("nothing",): "nothing", _SCHEDULE: "Added to ", ("downtime_status",): f"{_PERIODS + 1} periods"}
    command = (sys.executable, "-m", "django")
    return [cpu_of_program([*command, *arguments], site.environment, says=text) for arguments, text in said.items()]
