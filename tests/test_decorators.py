import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from ninja import NinjaAPI

from downtime.decorators import Mark, downtime_exempt, mark_of


def plain(request: HttpRequest) -> HttpResponse:
    """Says yes."""
    return HttpResponse("yes")


async def asynchronous(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


class Plain(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("yes")


class Asynchronous(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("yes")


@method_decorator(downtime_exempt, name="dispatch")
class Decorated(Plain):
    pass


@method_decorator(downtime_exempt, name="dispatch")
class DecoratedAsynchronous(Asynchronous):
    pass


class Inherited(Decorated):
    pass


MARKED: dict[str, Callable[..., Any]] = {
    "function": downtime_exempt(plain),
    "async function": downtime_exempt(asynchronous),
    "below another decorator": csrf_exempt(downtime_exempt(plain)),
    "above another decorator": downtime_exempt(csrf_exempt(plain)),
    "twice": downtime_exempt(downtime_exempt(plain)),
    "as_view()": downtime_exempt(Plain.as_view()),
    "async as_view()": downtime_exempt(Asynchronous.as_view()),
    "dispatch": Decorated.as_view(),
    "async dispatch": DecoratedAsynchronous.as_view(),
    "dispatch of a parent": Inherited.as_view(),
    "in brackets": downtime_exempt()(plain),
    "read_only=False": downtime_exempt(read_only=False)(plain),
}


@pytest.mark.parametrize("view", MARKED.values(), ids=MARKED)
def test_a_marked_view_answers_as_before(view: Callable[..., Any]) -> None:
    assert mark_of(view) is Mark.ALWAYS
    answer = view(RequestFactory().get("/"))
    if asyncio.iscoroutine(answer):
        answer = asyncio.run(answer)
    assert answer.content == b"yes"


@pytest.mark.parametrize("view", [asynchronous, Asynchronous.as_view()], ids=["function", "class"])
def test_an_async_view_stays_one(view: Callable[..., Any]) -> None:
    assert iscoroutinefunction(downtime_exempt(view))
    assert not iscoroutinefunction(downtime_exempt(plain))


@pytest.mark.parametrize(
    "view", [plain, asynchronous, Plain.as_view(), print], ids=["sync", "async", "class", "built-in"]
)
def test_what_was_decorated_stays_unmarked_itself(view: Callable[..., Any]) -> None:
    """The same view may stand in another URL pattern, where nobody wants it to pass."""
    downtime_exempt(view)
    downtime_exempt(read_only=True)(view)
    assert mark_of(view) is None


def test_name_and_docstring_stay() -> None:
    marked = downtime_exempt(plain)
    assert (marked.__name__, marked.__doc__, marked.__module__) == ("plain", "Says yes.", __name__)


def test_a_class_is_refused_with_what_to_write() -> None:
    with pytest.raises(TypeError, match=r"the class Plain.*@method_decorator\(downtime_exempt, name='dispatch'\)"):
        downtime_exempt(Plain)


@method_decorator(downtime_exempt(read_only=True), name="dispatch")
class Reading(Plain):
    pass


@pytest.mark.parametrize(
    ("view", "mark"),
    [
        (downtime_exempt(read_only=True)(plain), Mark.READ_ONLY),
        (downtime_exempt(read_only=True)(asynchronous), Mark.READ_ONLY),
        (csrf_exempt(downtime_exempt(read_only=True)(plain)), Mark.READ_ONLY),
        (Reading.as_view(), Mark.READ_ONLY),
        (downtime_exempt(downtime_exempt(read_only=True)(plain)), Mark.ALWAYS),
        (downtime_exempt(read_only=True)(downtime_exempt(plain)), Mark.READ_ONLY),
    ],
    ids=["function", "async function", "below another decorator", "class", "outside another", "inside another"],
)
def test_a_view_may_be_marked_as_one_that_only_reads(view: Callable[..., Any], mark: Mark) -> None:
    """Of two marks the outer one counts."""
    assert mark_of(view) is mark


@pytest.mark.parametrize("value", [None, True, False, "read_only"])
def test_only_a_view_can_be_marked(value: Any) -> None:
    with pytest.raises(TypeError, match=rf"was given a {type(value).__name__}, but takes a view function"):
        downtime_exempt(value)


def test_what_a_site_calls_so_itself_is_no_mark() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    view.downtime_exempt = True  # type: ignore[attr-defined]
    assert mark_of(view) is None


def test_an_operation_of_ninja_is_refused_with_what_to_do() -> None:
    api = NinjaAPI(urls_namespace="refused")

    with pytest.raises(TypeError, match=r"was given hook, an operation of django-ninja.*name its path in DOWNTIME_EX"):

        @downtime_exempt
        @api.post("/hook")
        def hook(request: HttpRequest) -> str:
            return "yes"


def test_what_can_not_be_called_is_refused_with_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"was given a tuple.*or name its path in DOWNTIME_EXEMPT_PATHS"):
        downtime_exempt(include([path("", plain)]))  # type: ignore[type-var]
