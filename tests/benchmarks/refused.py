"""How fast a request is refused: throughput, to that of a middleware that builds the same answer from constants."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings

from tests.benchmarks import schedules
from tests.benchmarks.django_site import APP, PREBUILT, SAME, Ask, SyncRequests, requests, site
from tests.benchmarks.exchange import Answer
from tests.benchmarks.figures import at_least, compared, figure, tell
from tests.benchmarks.load import recorded, served, throughput

_HTML, _JSON = "text/html; charset=utf-8", "application/problem+json"
_OF_THE_SECOND = {"date", "expires", "retry-after"}
_CASES = {
    "HTML": (schedules.WHOLE, Ask(503), _HTML, 0.98),
    "HEAD": (schedules.WHOLE, Ask(503, method="HEAD"), _HTML, 0.98),
    "JSON": (schedules.WHOLE, Ask(503, accept="application/json"), _JSON, 0.98),
    "covered path": (schedules.partial(1), Ask(503, path="/part-0/list"), _HTML, 0.97),
    "redirect": (schedules.WHOLE, Ask(302), _HTML, None),
}
CASES = tuple(_CASES)
"""What `refused` can be asked for."""


def refused(case: str, *, is_async: bool) -> None:
    """In that case, to a middleware that builds the very same answer."""
    schedule, ask, content_type, bound = _CASES[case]
    more = {"DOWNTIME_URL_REDIRECT": "https://status.example.com/"} if ask.status == 302 else {}
    with site(schedule, is_async=is_async, **more):
        app = requests(APP, ask, is_async=is_async)
        app.reply()
        status, headers, body = app.reply()
        assert headers["X-Downtime"] == "planned"
        assert headers["Content-Type"] == content_type
        settings.BENCHMARK_ANSWER = status, headers, body.decode()
        same = requests(SAME, ask, is_async=is_async)
        reply = same.reply()
        assert (_unhurried(reply.headers), reply.body) == (_unhurried(headers), body)
        ratio, seconds = compared(same, app)
        goal = bound and at_least(0.97 if is_async else bound)
        note = f"{-seconds / app.count * 1e6:+.2f} µs a request"
        tell(f"refused, {case}, {'async' if is_async else 'sync'}", ratio, "", goal or None, note=note)


def down() -> None:
    """By a flag, to a middleware that answers with a constant page and hardly a header."""
    with site(schedules.ahead(1), flag="message: Back soon."):
        prebuilt, app = SyncRequests(PREBUILT, Ask(503)), SyncRequests(APP, Ask(503))
        ratio, seconds = compared(prebuilt, app)
        note = f"{-seconds / app.count * 1e6:+.2f} µs a request"
        tell("down, to a 503 with a constant page and fewer headers", ratio, note=note)


def under_uvicorn() -> None:
    """Over HTTP, in requests for each second of the server's processor."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder / "app", "uvicorn", schedules.WHOLE, APP) as (_, app):
            answer = recorded(app, accept="text/html")
            with served(folder / "same", "uvicorn", schedules.WHOLE, SAME, BENCHMARK_ANSWER=answer) as (_, same):
                assert _unhurried(recorded(same)[1]) == _unhurried(answer[1])
                own, other = (throughput(server, _is_planned) for server in (app, same))
                own(), other()
                tell("refused, HTML, uvicorn", figure(own() / other() for _ in range(11)), "", at_least(0.95))


def _unhurried(headers: dict[str, str]) -> dict[str, str]:
    """Those that don't tell the second."""
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THE_SECOND}


def _is_planned(answer: Answer) -> bool:
    return answer.status == 503 and answer.header("x-downtime") == b"planned"
