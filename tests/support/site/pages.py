"""Pages with the libraries that sites use to fetch parts of them, and what the libraries fetch."""

import json
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

LIBRARIES = {
    "htmx-2": "htmx-2/dist/htmx.js",
    "htmx-4": "htmx-4/dist/htmx.js",
    "turbo": "@hotwired/turbo/dist/turbo.es2017-umd.js",
}
PAGES = {
    "buttons": """
        <button id="get" hx-get="/part" hx-target="#target">Get</button>
        <button id="post" hx-post="/part" hx-target="#target">Post</button>
        <div id="target">nothing yet</div>""",
    "loads": """<div hx-get="/part" hx-trigger="load">nothing yet</div>""",
    "frame": """
        <turbo-frame id="cart"><a href="/frame">Get</a>
        <form action="/frame" method="post"><button>Post</button></form></turbo-frame>""",
    "drive": """<a href="/frame">Get</a><form action="/frame" method="post"><button>Post</button></form>""",
    "plain": "",
}


def library(request: HttpRequest, name: str) -> FileResponse:
    """The file that a page loads."""
    return FileResponse(Path(settings.LIBRARIES, LIBRARIES[name]).open("rb"), content_type="text/javascript")


def page(request: HttpRequest, name: str, library: str) -> HttpResponse:
    """A page with that library; it records what was shown before it."""
    script = f'<script src="/library/{library}"></script>' if library in LIBRARIES else ""
    return HttpResponse(f"<!doctype html><title>{name}</title><body>{PAGES[name]}{script}</body>")


def part(request: HttpRequest) -> HttpResponse:
    """A part of a page."""
    return HttpResponse(f"a part by {request.method}")


def frame(request: HttpRequest) -> HttpResponse:
    """A page with the frame."""
    body = f"""<title>frame</title><turbo-frame id="cart">a frame by {request.method}</turbo-frame>"""
    return HttpResponse(f"<!doctype html>{body}", status=422 if request.method == "POST" else 200)


def events(request: HttpRequest) -> StreamingHttpResponse:
    """One event, which asks the client to come back for the next one at once."""
    return StreamingHttpResponse(["retry: 100\ndata: hello\n\n"], content_type="text/event-stream")


def echo(request: HttpRequest) -> HttpResponse:
    """What was sent as JSON."""
    return HttpResponse(json.dumps(json.loads(request.body or b"null")), content_type="application/json")


def cached(request: HttpRequest) -> HttpResponse:
    """A response that a cache in front may keep for ten minutes, whatever other headers say."""
    return HttpResponse("for ten minutes", headers={"X-Accel-Expires": "600", "CDN-Cache-Control": "max-age=600"})


urlpatterns = [
    path("cached", cached),
    path("library/<name>", library),
    path("page/<name>/<library>", page),
    path("part", part),
    path("frame", frame),
    path("events", events),
    path("api", echo),
]
