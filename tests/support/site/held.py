"""A page that answers when a test says so, and writes as its last act; every other path works as usual."""

import os
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.support.site import urls
from tests.support.waiting import wait_until

HELD_WITHIN = 60.0


def held(request: HttpRequest) -> HttpResponse:
    """Says `begun` with its pid, waits for `go`, and writes `written`, all in the folder of the site."""
    folder = Path(settings.HELD_FOLDER)
    (folder / "begun.new").write_text(str(os.getpid()))
    os.replace(folder / "begun.new", folder / "begun")
    wait_until((folder / "go").exists, within=HELD_WITHIN, what="the test lets the request go on")
    (folder / "written").touch()
    return HttpResponse("It was written.")


urlpatterns = [path("held", held), *urls.urlpatterns]
