"""What reading a long schedule takes: time and memory."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import yaml

from downtime.files.parser import parse
from downtime.files.schedule_file import load_schedule
from tests.benchmarks import schedules
from tests.benchmarks.figures import at_most, compared, figure, once, tell

_PERIODS = 10_000
_ZONE = ZoneInfo("Europe/Berlin")


def duration() -> None:
    """The processor time, to that of PyYAML's C compose alone, as it is and without the garbage collector."""
    text = schedules.ahead(_PERIODS)

    def compose() -> None:
        yaml.compose(text, Loader=yaml.CSafeLoader)

    def compose_without_collector() -> None:
        gc.disable()
        try:
            compose()
        finally:
            gc.enable()

    for what, other, goal in (("", compose, None), (" without collector", compose_without_collector, at_most(1.0))):
        ratio, _ = compared(once(lambda: parse(text, _ZONE)), once(other), seconds=15)
        tell(f"reading {_PERIODS:,}, to PyYAML's C compose{what}", ratio, "", goal)


def memory() -> None:
    """The peak of a process that reads it, above the same process before; in a process of its own for each run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "downtime.yml")
        path.write_text(schedules.ahead(_PERIODS))
        Path(folder, "short.yml").write_text(schedules.ahead(1))
        code = f"from tests.benchmarks.reading import peak; peak({folder!r})"
        ran = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout for _ in range(9)]
    peaks, kept = zip(*map(json.loads, ran), strict=True)
    note = f"{median(kept):.1f} MiB of it stay"
    tell(f"reading {_PERIODS:,}: peak above idle", figure(peaks), "MiB", at_most(20), note=note, digits=1)


def peak(folder: str) -> None:
    """Prints the peak above idle, and what stays, in MiB, once this process has read that file."""
    load_schedule(os.path.join(folder, "short.yml"), _ZONE)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    idle = _status("VmRSS")
    loaded = load_schedule(os.path.join(folder, "downtime.yml"), _ZONE)
    highest = _status("VmHWM")
    gc.collect()
    assert len(loaded.parsed.schedule.periods) == _PERIODS
    print(json.dumps([highest - idle, _status("VmRSS") - idle]))


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
