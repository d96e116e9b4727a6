"""A real server under switches by chance, asked all the time: once a change has to be seen, no answer is wrong."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from downtime.files.flag_file import flag_text, lower_flag, raise_flag
from tests.support.harness import Running, Site, serving
from tests.support.texts import OPEN
from tests.support.waiting import wait_until

_RECHECK = 0.2
_SERVERS = ("gunicorn sync", "gunicorn gthread", "uvicorn")
_SWITCHES = 10
_STEADY = 16  # answers after each switch
_MARGIN = 1.0  # seconds, for a machine that does other work too
_MOST_GROWTH = 8 * 1024  # KiB of a worker, after the switches that warm it up
_SOUND = {OPEN: 503, "periods: []\n": 200, "": 200, "periods:\n  - start: 2999-01-01\n": 200}
_UNSOUND = ("periods: [", "periods:\n  - begin: 2020-01-01\n", "- " * 200, "periods:\n  - {start: soon}\n" * 500)


class _Switches:
    """The files of a site, and what they have to lead to."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_flag, self._by_schedule = 200, 200
        self._due = 0.0
        self._watched = str(site.flag)

    @property
    def expected(self) -> int:
        """The status of every answer, once the change is due."""
        return max(self._by_flag, self._by_schedule)

    @property
    def left(self) -> float:
        """Seconds until every process has to have seen all changes."""
        return max(self._due - time.monotonic(), 0.0)

    def switch(self, chance: random.Random, *, may_damage: bool) -> None:
        """Changes one of the files in some way.

        It damages the schedule only if the last good one is known, as every worker has seen all changes."""
        if chance.random() < 0.5:
            self._switch_flag(chance)
            self._due = max(self._due, time.monotonic() + _RECHECK)
        else:
            self._switch_schedule(chance, may_damage=may_damage)
            self._due = max(self._due, time.monotonic() + 2 * _RECHECK)

    def _switch_flag(self, chance: random.Random) -> None:
        raised = chance.random() < 0.6
        if raised and chance.random() < 0.5:
            raise_flag(self._watched, flag_text({"message": "Back soon."}))
        elif raised:
            Path(self._watched).write_text(chance.choice(("", "Back soon.", "end: soon", "[")))
        else:
            lower_flag(self._watched)
        self._by_flag = 503 if raised else 200

    def _switch_schedule(self, chance: random.Random, *, may_damage: bool) -> None:
        """An unsound text changes nothing; a missing file means no period."""
        if chance.random() < 0.15:
            self._site.schedule.unlink(missing_ok=True)
            self._by_schedule = 200
            return
        unsound = [(text, self._by_schedule) for text in _UNSOUND] if may_damage else []
        text, status = chance.choice((*_SOUND.items(), *unsound))
        if chance.random() < 0.5:
            self._site.schedule.write_text(text)
        else:
            beside = self._site.watched / "new"
            beside.write_text(text)
            os.replace(beside, self._site.schedule)
        self._by_schedule = status


def trial(chance: random.Random) -> int:
    """One server, and how many answers it gave."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), recheck=_RECHECK)
        with serving(site, chance.choice(_SERVERS), workers=2) as server:
            server.meet()
            switches = _Switches(site)
            answers = _switched(server, switches, chance)
            before = _costs(server)
            answers += _switched(server, switches, chance)
            # Under ASGI each request has a thread of its own, which ends a little later.
            wait_until(lambda: not _grown(before, _costs(server)), within=5, what="the workers have grown no further")
    return answers


def _switched(server: Running, switches: _Switches, chance: random.Random) -> int:
    answers = 0
    for _ in range(_SWITCHES):
        switches.switch(chance, may_damage=True)
        if chance.random() < 0.2:  # another change before the first is seen
            switches.switch(chance, may_damage=False)
        server.until_all(switches.expected, within=switches.left + _MARGIN)
        time.sleep(switches.left)
        steady = server.first_answers() + server.rounds(_STEADY)
        assert {answer.status for answer in steady} == {switches.expected}
        answers += len(steady)
    return answers


def _costs(server: Running) -> dict[int, tuple[int, int, int]]:
    """By worker: KiB of memory, descriptors and threads."""
    found = {}
    for worker in server.workers:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{worker}/status").read_text().splitlines())
        memory, threads = int(status["VmRSS"].split()[0]), int(status["Threads"])
        found[worker] = (memory, len(os.listdir(f"/proc/{worker}/fd")), threads)
    return found


def _grown(before: dict[int, tuple[int, int, int]], after: dict[int, tuple[int, int, int]]) -> list[int]:
    """The workers that take more memory, descriptors or threads than before."""
    return [
        worker
        for worker, (memory, descriptors, threads) in before.items()
        if after[worker][0] > memory + _MOST_GROWTH
        or after[worker][1] > descriptors + 2
        or after[worker][2] > threads + 2
    ]
