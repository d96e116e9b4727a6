"""What a boot with the guard takes, and how fast its stand-in answers, to a middleware with a constant page."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from downtime.standin.answers import Answers
from downtime.standin.loader import Loader
from downtime.standin.options import checked
from downtime.standin.wsgi_standin import StandIn
from tests.benchmarks import schedules
from tests.benchmarks.django_site import PREBUILT, Ask, SyncRequests, site, start_response
from tests.benchmarks.exchange import Answer
from tests.benchmarks.figures import Figure, Measured, compared, figure, tell
from tests.benchmarks.load import Throughput, throughput
from tests.benchmarks.parts import PAGE
from tests.benchmarks.programs import cpu_of_program
from tests.support.guarded import GuardedSite
from tests.support.harness import serving


def boot() -> None:
    """The processor time until the application is there, with the guard to without; while up, and while down."""
    with tempfile.TemporaryDirectory() as folder:
        guarded_site = GuardedSite(Path(folder))
        plain = "from django.core.wsgi import get_wsgi_application as application; application()"
        guarded = "from guarded.server.wsgi import application"
        tell("boot while up, to one without the guard", _ratio(guarded_site, guarded, plain))
        guarded_site.flag.touch()
        tell("boot while down, to one without the guard", _ratio(guarded_site, guarded, plain))


def _ratio(site: GuardedSite, one: str, other: str) -> Figure:
    def cpu(program: str) -> float:
        return cpu_of_program([sys.executable, "-c", program], site.environment)

    cpu(one), cpu(other)
    return figure(cpu(one) / cpu(other) for _ in range(15))


def standing_in() -> None:
    """The throughput of the stand-in in this process."""
    with site(schedules.ahead(1), flag="message: Back soon."):
        page = Path(settings.BASE_DIR, "downtime.html")
        page.write_bytes(PAGE)
        options = checked(Path(settings.BASE_DIR, "downtime.flag"), None, None, page, None, 20, _unloadable)
        prebuilt = SyncRequests(PREBUILT, Ask(503))
        own = _of_the_stand_in(StandIn(Answers(options), Loader(options)))
        ratio, _ = compared(prebuilt, own)
        taken = figure(own() / prebuilt.count * 1e6 for _ in range(100))
        tell("stand-in, to a 503 with a constant page", ratio, note=f"{taken.median:.1f} µs an answer")


def _unloadable() -> None:
    raise NotImplementedError


def _of_the_stand_in(stand_in: StandIn) -> Measured:
    environ = SyncRequests(PREBUILT, Ask(503)).environ

    def measured() -> float:
        start = time.process_time()
        for _ in range(SyncRequests.count):
            stand_in(environ, start_response)
        return time.process_time() - start

    return measured


def standing_in_under_uvicorn() -> None:
    """The same under uvicorn."""
    with tempfile.TemporaryDirectory() as folder:
        sites = {}
        for name in ("stand-in", "prebuilt"):
            Path(folder, name).mkdir()
            sites[name] = GuardedSite(Path(folder, name))
        sites["stand-in"].page.write_text("<p>We are moving to faster disks.</p>" * 60)
        sites["stand-in"].flag.touch()
        sites["stand-in"].breaks("ready")
        sites["prebuilt"].prebuild()
        with _throughput(sites["stand-in"]) as one, _throughput(sites["prebuilt"]) as other:
            ratio = figure(one() / other() for _ in range(9))
            tell("stand-in under uvicorn, to a 503 with a constant page", ratio, digits=2)


@contextmanager
def _throughput(site: GuardedSite) -> Iterator[Throughput]:
    with serving(site, "uvicorn", has_clean_log=False) as server:
        measured = throughput(server, _is_refusal)
        measured()
        yield measured


def _is_refusal(answer: Answer) -> bool:
    return answer.status == 503
