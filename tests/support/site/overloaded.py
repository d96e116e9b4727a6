"""A page that says by itself, with a 503 of its own, that it is too busy; every other path as ever."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.support.site import urls

BODY = "Too busy."


def overloaded(request: HttpRequest) -> HttpResponse:
    """Has nothing to do with a downtime."""
    return HttpResponse(BODY, status=503, headers={"Retry-After": "777", "Cache-Control": "private"})


urlpatterns = [path("admin/overloaded", overloaded), *urls.urlpatterns]
