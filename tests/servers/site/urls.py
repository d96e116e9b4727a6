"""One page that needs no database."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("The site is up.")


urlpatterns = [path("", home)]
