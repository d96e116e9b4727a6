"""Work in processes of its own, and what a program takes."""

from __future__ import annotations

import multiprocessing
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence


def cpu_of_program(command: Sequence[str], environment: Mapping[str, str], *, says: str = "") -> float:
    """Seconds of the processor that it takes with all its children; it has to succeed, and to say that."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert says in ran.stdout, ran.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def do_all_work(works: Iterable[Callable[[], object]]) -> bool:
    """Whether each ended without a fault, in a process of its own, which comes to its end if this one is ended."""
    context, codes = multiprocessing.get_context("spawn"), []
    for work in works:
        process = context.Process(target=ending_well, args=(work,))
        process.start()
        try:
            process.join()
        finally:
            process.terminate()
            process.join()
        codes.append(process.exitcode)
    return not any(codes)


def ending_well(work: Callable[[], object]) -> object:
    """What it returns; SIGTERM raises SystemExit meanwhile, so that what it has begun comes to its end."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    return work()
