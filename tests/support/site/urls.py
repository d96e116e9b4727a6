"""One page, on every path, that needs no database."""

from django.http import HttpRequest, HttpResponse
from django.urls import re_path


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("The site is up.")


urlpatterns = [re_path("", home)]
