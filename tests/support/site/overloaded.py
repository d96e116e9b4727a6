"""A page that says, with a 503 of its own, that it is too busy; every other path works as usual."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.support.site import urls

BODY = "Too busy."


def overloaded(request: HttpRequest) -> HttpResponse:
    """Answers 503 for a reason other than a downtime."""
    return HttpResponse(BODY, status=503, headers={"Retry-After": "777", "Cache-Control": "private"})


urlpatterns = [path("admin/overloaded", overloaded), *urls.urlpatterns]
