"""Views that are exempt, the view that answers while the site is down, and code that asks whether it is."""

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.generic import View

from downtime import live
from downtime.decorators import downtime_exempt
from downtime.live import Occurrence


@downtime_exempt
def health(request: HttpRequest) -> HttpResponse:
    """Passes while the site is down."""
    return HttpResponse("down" if live.is_down() else "up")


@downtime_exempt(read_only=True)
async def search(request: HttpRequest, words: str) -> HttpResponse:
    """Passes while the site is read-only, even if it is posted to."""
    return HttpResponse(words)


@method_decorator(downtime_exempt, name="dispatch")
class About(View):
    """Passes as well."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tells what the site is told."""
        return HttpResponse(outlook(live.current_period()))


def front(request: HttpRequest) -> HttpResponse:
    """Is refused."""
    return HttpResponse("front page")


def outlook(period: Occurrence | None) -> str:
    """When the site is back, in words."""
    if period is None:
        return "up"
    return f"back at {period.end:%H:%M}" if period.end else period.message


def sorry(request: HttpRequest, period: Occurrence) -> HttpResponse:
    """DOWNTIME_VIEW."""
    return HttpResponse(f"Sorry: {outlook(period)}", status=503)


def is_tester(request: HttpRequest) -> bool:
    """One of DOWNTIME_EXEMPT_IF."""
    return "tester" in request.GET


def asks_wrongly() -> list[object]:
    """What is not promised is an error for mypy; if it were not, the comment would be one."""
    return [
        live.is_down(at="noon"),  # type: ignore[call-arg]
        live.current_period().message,  # type: ignore[union-attr]
        downtime_exempt("health"),  # type: ignore[call-overload]
    ]
