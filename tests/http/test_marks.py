"""Marks on views of Django, of the real Django REST framework and of the real django-ninja."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.views.decorators.cache import cache_page
from django.views.generic import View
from ninja import NinjaAPI
from ninja.decorators import decorate_view
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from downtime.decorators import Mark, downtime_exempt
from downtime.http.marks import NO_MARK, ViewMark, view_mark
from downtime.http.site_code import mark_at

HERE = __name__


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


@downtime_exempt
def marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


@downtime_exempt(read_only=True)
def reading(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


def without_wraps(view: Callable[..., Any]) -> Callable[..., Any]:
    return lambda request: view(request)


class WithPost(View):
    @method_decorator(downtime_exempt)
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("yes")


@downtime_exempt
@api_view(["GET", "POST"])
def above_api_view(request: Request) -> Response:
    return Response("yes")


@api_view(["GET", "POST"])
@downtime_exempt
def below_api_view(request: Request) -> Response:
    return Response("yes")


@api_view(["GET", "POST"])
def plain_api_view(request: Request) -> Response:
    return Response("yes")


@method_decorator(downtime_exempt(read_only=True), name="dispatch")
class ReadingAPIView(APIView):
    def post(self, request: Request) -> Response:
        return Response("yes")


class Hooks(ViewSet):
    @downtime_exempt
    def create(self, request: Request) -> Response:
        return Response("yes")

    def list(self, request: Request) -> Response:
        return Response("yes")


def never_asked() -> object:
    raise AssertionError("a lazy object may ask a database that is away")


def over_a_lazy_object(lazy: object) -> Callable[[HttpRequest], HttpResponse]:
    return lambda request: HttpResponse(str(lazy))


def over_nothing_yet() -> Callable[[HttpRequest], HttpResponse]:
    view = lambda request: HttpResponse(later)  # noqa: E731
    if view is None:
        later = b""
    return view


LOST: dict[str, tuple[object, str]] = {
    "within a decorator without wraps": (without_wraps(marked), "marked"),
    "far within": (without_wraps(without_wraps(reading)), "reading"),
    "a method of a class": (WithPost.as_view(), "WithPost.post"),
    "below @api_view": (below_api_view, "below_api_view"),
    "an action of a view set": (Hooks.as_view({"post": "create"}), "Hooks.create"),
}
KEPT: dict[str, tuple[object, Mark]] = {
    "a function": (marked, Mark.ALWAYS),
    "that only reads": (reading, Mark.READ_ONLY),
    "below a decorator with wraps": (cache_page(60)(marked), Mark.ALWAYS),
    "above @api_view": (above_api_view, Mark.ALWAYS),
    "dispatch of an APIView": (ReadingAPIView.as_view(), Mark.READ_ONLY),
    "as_view() of a view set": (downtime_exempt(Hooks.as_view({"get": "list"})), Mark.ALWAYS),
}


def with_actions() -> HttpResponse:
    return HttpResponse()


with_actions.actions, with_actions.cls = 5, View  # type: ignore[attr-defined]


def wide(depth: int) -> Callable[..., Any]:
    """A view over ten others, each over ten others, and so on."""
    if not depth:
        return without_wraps(plain)
    a, b, c, d, e, f, g, h, i, j = (wide(depth - 1) for _ in range(10))
    return lambda request: (a, b, c, d, e, f, g, h, i, j)


NONE: dict[str, object] = {
    "with an attribute of another kind": with_actions,
    "over very many": wide(3),
    "a function": plain,
    "a class": View.as_view(),
    "@api_view": plain_api_view,
    "another action": Hooks.as_view({"get": "list"}),
    "a callable of C": lru_cache(plain),
    "over a lazy object": over_a_lazy_object(SimpleLazyObject(never_asked)),
    "over nothing yet": over_nothing_yet(),
    "no view": object(),
}


@pytest.mark.parametrize(("view", "name"), LOST.values(), ids=LOST)
def test_a_mark_that_is_not_on_the_view_is_told_by_its_name(view: object, name: str) -> None:
    assert view_mark(view) == ViewMark(None, f"{HERE}.{name}")


@pytest.mark.parametrize(("view", "mark"), KEPT.values(), ids=KEPT)
def test_a_mark_on_the_view_counts(view: object, mark: Mark) -> None:
    assert view_mark(view) == ViewMark(mark)


@pytest.mark.parametrize("view", NONE.values(), ids=NONE)
def test_a_view_without_a_mark_has_none(view: object) -> None:
    assert view_mark(view) == NO_MARK


def test_marks_are_not_looked_for_without_end() -> None:
    view: Callable[..., Any] = marked
    for _ in range(20):
        view = without_wraps(view)
    assert view_mark(view) == NO_MARK


def test_views_that_call_each_other_end_the_search() -> None:
    def first(request: HttpRequest) -> HttpResponse:
        return second(request)

    def second(request: HttpRequest) -> HttpResponse:
        return first(request)

    assert view_mark(first) == NO_MARK


@pytest.mark.parametrize(
    ("mark", "down", "read_only"),
    [(None, False, False), (Mark.ALWAYS, True, True), (Mark.READ_ONLY, False, True)],
    ids=str,
)
def test_a_mark_tells_when_the_view_passes(mark: Mark | None, down: bool, read_only: bool) -> None:
    found = ViewMark(mark)
    assert (found.passes(read_only=False), found.passes(read_only=True)) == (down, read_only)


# django-ninja

api = NinjaAPI(urls_namespace="marks")


@api.get("/plain")
def plain_operation(request: HttpRequest) -> str:
    return "yes"


@api.post("/hook")
@downtime_exempt
def hook(request: HttpRequest) -> str:
    return "yes"


@api.post("/async-hook")
@downtime_exempt
async def async_hook(request: HttpRequest) -> str:
    return "yes"


@api.post("/decorated")
@decorate_view(downtime_exempt)
def decorated(request: HttpRequest) -> str:
    return "yes"


class Patterns:
    urlpatterns = [path("api/", api.urls)]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("/api/plain", ""),
        ("/api/hook", f"{HERE}.hook"),
        ("/api/async-hook", f"{HERE}.async_hook"),
        ("/api/decorated", "ninja.operation.Operation.run"),
    ],
)
def test_a_mark_on_an_operation_of_ninja_is_told(asked: str, name: str) -> None:
    assert mark_at(asked, Patterns) == ViewMark(None, name)
