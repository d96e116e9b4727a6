"""What is reported of the redirect and the exemptions, by what the URLconf holds."""

from typing import Any

import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.core.checks import WARNING
from django.http import HttpRequest, HttpResponse
from django.urls import clear_script_prefix, include, path, re_path, register_converter, set_script_prefix

from downtime.admin import Period, PeriodAdmin
from downtime.decorators import downtime_exempt
from tests.support.system_checks import found, ids


class Patterns:
    """A URLconf with one page."""

    urlpatterns = [
        path("upgrade/", lambda request: HttpResponse()),
        *i18n_patterns(path("new/", lambda request: HttpResponse())),
    ]


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ("/upgrade/", []),
        ("/upgrade/?from=downtime#now", []),
        ("/upgr%61de/", []),
        ("/site/upgrade/", []),
        ("/de/new/", []),
        ("/fr/nowhere/", ["W009"]),
        ("/upgrde/", ["W009"]),
        ("/", ["W009"]),
        ("//status.example.com/upgrde/", []),
        ("https://status.example.com/upgrde/", []),
    ],
)
def test_a_redirect_to_a_page_that_is_not_there_is_reported(
    settings: pytest_django.Settings, redirect: str, expected: list[str]
) -> None:
    settings.ROOT_URLCONF = Patterns
    settings.DOWNTIME_URL_REDIRECT = redirect
    set_script_prefix("/site/" if redirect.startswith("/site/") else "/")
    try:
        assert ids() == expected
    finally:
        clear_script_prefix()


def test_a_urlconf_that_can_not_be_loaded_is_left_to_django(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = "no.such.urlconf"
    settings.DOWNTIME_URL_REDIRECT = "/upgrade/"
    assert ids() == []


def urlconf(patterns: list[Any]) -> type:
    return type("Urlconf", (), {"urlpatterns": patterns})


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def cms() -> list[Any]:
    """As Wagtail's: an admin that is not Django's, and a pattern for the pages of visitors."""
    return [path("", page, name="home"), path("pages/", page)]


office, plain = admin.AdminSite(name="office"), admin.AdminSite(name="plain")
office.register(Period, PeriodAdmin)
ADMIN, OFFICE = path("admin/", admin.site.urls), path("office/", office.urls)
STATIC = path("static/<path:path>", serve)


def everything(request: HttpRequest, path: str = "") -> HttpResponse:
    return HttpResponse()


ALL = re_path(r"^(?P<path>.*)$", everything)
MISFITS: dict[str, tuple[list[Any], dict[str, Any], list[str]]] = {
    "the admin": ([ADMIN], {}, []),
    "the admin and a page for everything": ([ADMIN, ALL], {}, []),
    "the admin somewhere else": ([path("backstage/", admin.site.urls)], {}, ["W015"]),
    "and exempt": ([path("backstage/", admin.site.urls)], {"DOWNTIME_EXEMPT_PATHS": ["/backstage"]}, []),
    "the admin, and nothing is exempt": ([ADMIN], {"DOWNTIME_EXEMPT_PATHS": []}, ["W015"]),
    "the admin at the root": ([path("", admin.site.urls)], {}, []),
    "a second admin": ([ADMIN, OFFICE], {}, ["W015"]),
    "a second admin, exempt": ([ADMIN, OFFICE], {"DOWNTIME_EXEMPT_PATHS": ["/admin", "/office/"]}, []),
    "a second admin without the page": ([ADMIN, path("plain/", plain.urls)], {}, []),
    "an admin in an include": ([path("a/", include([path("b/", office.urls)]))], {}, ["W015"]),
    "an admin below a namespace": ([path("a/", include(([path("b/", office.urls)], "a")))], {}, []),
    "an admin for each language": (i18n_patterns(ADMIN), {}, ["W015"] * 2),
    "an admin for each other language": (i18n_patterns(ADMIN, prefix_default_language=False), {}, ["W015"]),
    "static files by Django": ([ADMIN, STATIC], {}, ["W014"]),
    "static files by Django, exempt": ([ADMIN, STATIC], {"DOWNTIME_EXEMPT_PATHS": ["/admin", "/static"]}, []),
    "static files by an exempt view": ([ADMIN, path("static/<path:path>", downtime_exempt(serve))], {}, []),
    "static files of no admin": ([STATIC], {}, []),
    "static files of a closed admin": ([OFFICE, STATIC], {}, ["W015"]),
    "static files elsewhere": ([ADMIN, STATIC], {"STATIC_URL": "https://static.example.com/"}, []),
    "static files on another host": ([ADMIN, STATIC], {"STATIC_URL": "//static.example.com/"}, []),
    "static files nowhere": ([ADMIN, STATIC], {"STATIC_URL": None}, []),
    "static files deeper down": ([ADMIN, path("a/b/<path:path>", serve)], {"STATIC_URL": "/a/b/"}, ["W014"]),
    "a stranger": ([path("admin/", include(cms()))], {}, ["W016"]),
    "a stranger and pages of one segment": (
        [path("admin/", include(cms())), path("<slug:path>/", everything)],
        {},
        ["W016"],
    ),
    "only pages of one segment": ([path("<slug:path>/", everything)], {}, []),
    "a stranger that is not exempt": ([path("admin/", include(cms()))], {"DOWNTIME_EXEMPT_PATHS": ["/a"]}, []),
    "a stranger beside the admin": (
        [path("admin/", include(cms())), path("django-admin/", admin.site.urls)],
        {"DOWNTIME_EXEMPT_PATHS": ["/django-admin"]},
        [],
    ),
    "nothing": ([], {}, []),
}


@pytest.mark.parametrize(("patterns", "values", "expected"), MISFITS.values(), ids=MISFITS)
def test_what_is_let_through_fits_what_is_there(
    settings: pytest_django.Settings, patterns: list[Any], values: dict[str, Any], expected: list[str]
) -> None:
    settings.ROOT_URLCONF = urlconf(patterns)
    for name, value in values.items():
        setattr(settings, name, value)
    messages = found()
    assert [str(message.id).removeprefix("downtime.") for message in messages] == expected
    assert all(message.level == WARNING and message.hint for message in messages)


def test_an_admin_that_is_refused_is_named_with_what_to_write(settings: pytest_django.Settings) -> None:
    settings.ROOT_URLCONF = urlconf([ADMIN, OFFICE, STATIC])
    closed, static = found()
    assert (closed.msg, closed.hint) == (
        "The admin at /office/ shows the periods, but is refused while the site is down.",
        "Add '/office' to DOWNTIME_EXEMPT_PATHS.",
    )
    assert static.msg == "The admin passes while the site is down, but its static files below /static/ are refused."
    assert str(static.hint).startswith("Add '/static' to DOWNTIME_EXEMPT_PATHS, or ")


def test_a_urlconf_that_breaks_while_it_is_asked_stops_nothing(settings: pytest_django.Settings) -> None:
    class Breaks:
        regex = "[a-z]+"

        def to_python(self, value: str) -> str:
            raise RuntimeError("the database is away")

    register_converter(Breaks, "breaks")
    settings.ROOT_URLCONF = urlconf([path("<breaks:path>/", everything), ADMIN, OFFICE])
    assert found() == []
