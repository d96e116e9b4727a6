"""A worker up to its first answer, which tells what that took: python -m tests.benchmarks.first_answer"""

import json
import os
import time
from pathlib import Path

from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

_SETTLED = 0.5
"""Seconds after which the threads run that a first answer starts."""


def main() -> None:
    """Prints milliseconds of the processor from the start of Python, MiB, threads and descriptors."""
    statuses: list[str] = []
    application = get_wsgi_application()
    application(RequestFactory()._base_environ(), lambda status, headers: statuses.append(status)).close()
    taken = time.process_time()
    assert statuses == ["200 OK"]
    time.sleep(_SETTLED)
    lines = Path("/proc/self/status").read_text().splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
    print(json.dumps([taken * 1e3, resident, len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))]))


if __name__ == "__main__":
    main()
