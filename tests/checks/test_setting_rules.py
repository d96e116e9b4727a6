from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.checks import ERROR
from django.http import HttpRequest, HttpResponse

from downtime.checks import setting_rules
from downtime.conf import Settings
from downtime.schedule.occurrence import Occurrence
from tests.support.system_checks import found, ids

# Callables by dotted path


class Class:
    """As a class-based view, or a callable of DOWNTIME_EXEMPT_IF, that is named in the place of an instance."""

    def method(self, request: HttpRequest) -> bool:
        return True

    def generator_method(self, request: HttpRequest) -> Iterator[bool]:
        yield True


def generator(request: HttpRequest) -> Iterator[bool]:
    yield True


async def async_generator(request: HttpRequest) -> AsyncIterator[bool]:
    yield True


class CallIsGenerator:
    def __call__(self, request: HttpRequest) -> Iterator[bool]:
        yield True


class CallIsAsyncGenerator:
    async def __call__(self, request: HttpRequest) -> AsyncIterator[bool]:
        yield True


instance, async_instance = CallIsGenerator(), CallIsAsyncGenerator()
bound, bound_generator = Class().method, Class().generator_method
partly, part_of_class = partial(Class.method, None), partial(Class)
part_of_generator, part_of_part = partial(generator), partial(partial(instance))


class Sorry(HttpResponse):
    """A class that makes the very answer."""

    def __init__(self, request: HttpRequest, period: Occurrence) -> None:
        super().__init__(period.message, status=503)


NEVER_ANSWER = {
    "Class": "is a class",
    "part_of_class": "is a class",
    "generator": "is a generator function",
    "async_generator": "is a generator function",
    "instance": "is a generator function",
    "async_instance": "is a generator function",
    "bound_generator": "is a generator function",
    "part_of_generator": "is a generator function",
    "part_of_part": "is a generator function",
}

RIGHT: list[tuple[str, list[Any]]] = [
    ("DOWNTIME_SCHEDULE_FILE", [None, "/a.yml", Path("/a.yml")]),
    ("DOWNTIME_FLAG_FILE", [None, "/a", Path("/a"), ["/a", Path("/b")], ("/a",), [], ()]),
    ("DOWNTIME_FLAG_MAX_AGE", [None, 1, 0.5]),
    ("DOWNTIME_PAGE_FILE", [None, "/a.html", Path("/a.html"), "/a"]),
    ("DOWNTIME_FLEET_CACHE", [None]),  # a cache that can be named is in test_fleet.py
    ("DOWNTIME_FLEET_FLAG_FILE", [None, "/a.flag", Path("/a.flag")]),
    ("DOWNTIME_EXEMPT_EXACT_URLS", [None, [], ("/",), ["/a", "//b/../c"]]),
    ("DOWNTIME_EXEMPT_PATHS", [None, [], ("/a",), ["/a/", "/b/c", "/wärter"]]),
    ("DOWNTIME_EXEMPT_IPS", [None, [], ("192.0.2.1",), ["192.0.2.0/24", "2001:db8::/32", "::1"]]),
    ("DOWNTIME_PROXY_COUNT", [None, 0, 1, 5]),
    (
        "DOWNTIME_EXEMPT_IF",
        [
            None,
            [],
            ("tests.test_exemptions.yes",),
            ["tests.test_exemptions.async_yes", "tests.test_exemptions.asks_key"],
            ["tests.checks.test_setting_rules.bound", "tests.checks.test_setting_rules.partly", "operator.not_"],
        ],
    ),
    ("DOWNTIME_URL_REDIRECT", [None, "/a/", "https://a.example/b?c#d", "http://a.example:8000"]),
    ("DOWNTIME_TEMPLATE", [None, "downtime/downtime.html"]),
    ("DOWNTIME_VIEW", [None, "tests.http.test_responses.told", "tests.checks.test_setting_rules.Sorry"]),
    ("DOWNTIME_RETRY_AFTER", [None, 1, 60.0]),
    ("DOWNTIME_WATCH", [None, "auto", "none"]),
    ("DOWNTIME_RECHECK", [None, 0, 0.5, 3600]),
]

WRONG: list[tuple[str, str, list[Any]]] = [
    ("DOWNTIME_SCHEDULE_FILE", "E001", ["", 5, ["/a.yml"], b"/a.yml", "a\0b", False]),
    ("DOWNTIME_FLAG_FILE", "E002", ["", 5, set(), ["/a", ""], ["/a", None], {"/a": 1}, ["a\0b"]]),
    ("DOWNTIME_FLAG_MAX_AGE", "E003", [0, -1, "60", True, float("inf")]),
    ("DOWNTIME_PAGE_FILE", "E015", ["", 5, ["/a.html"], b"/a.html", "a.html", "/a\0b", "/a.json", "/a.Json", False]),
    ("DOWNTIME_FLEET_CACHE", "E016", ["", 5, ["default"], b"default", "default", "none", False]),
    ("DOWNTIME_FLEET_FLAG_FILE", "E017", ["", 5, ["/a"], b"/a", "a.flag", "/a\0b", False]),
    ("DOWNTIME_EXEMPT_EXACT_URLS", "E004", ["/a", ["a"], [5], [r"^/a$"], 5]),
    ("DOWNTIME_EXEMPT_PATHS", "E005", ["/a", ["a"], [5], ["/"], ["/a*"], ["/a/../b"], ["//a"], ["/a?b"], ["/%61"]]),
    ("DOWNTIME_EXEMPT_IPS", "E011", ["192.0.2.1", [5], [""], ["localhost"], ["192.0.2.1/24"], ["10.*"], 5]),
    ("DOWNTIME_PROXY_COUNT", "E012", [-1, 1.0, "1", True, [1]]),
    ("DOWNTIME_EXEMPT_IF", "E013", ["a.b", [""], ["no.such.module"], ["os.path.sep"], [5], [len], ["tests.broken"], 5]),
    ("DOWNTIME_EXEMPT_IF", "E013", [[f"tests.checks.test_setting_rules.{name}"] for name in NEVER_ANSWER]),
    (
        "DOWNTIME_URL_REDIRECT",
        "E006",
        ["", 5, "a/", "ftp://a.example/", "javascript:x", "/a b", "http://[", "http:///"],
    ),
    ("DOWNTIME_TEMPLATE", "E007", ["", 5, "no/such/template.html", ["downtime/downtime.html"]]),
    ("DOWNTIME_VIEW", "E014", ["", 5, "no.such.module", "os.path.sep", ["a.b"], len]),
    ("DOWNTIME_VIEW", "E014", [f"tests.checks.test_setting_rules.{name}" for name in NEVER_ANSWER]),
    ("DOWNTIME_RETRY_AFTER", "E008", [0, -1, 1.5, "60", True, float("nan")]),
    ("DOWNTIME_WATCH", "E009", ["", "inotify", "native", "polling", 5, True, ["auto"]]),
    ("DOWNTIME_RECHECK", "E010", [-1, "1", True, 3600.1, 1e11, float("inf")]),
]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT for value in values], ids=str)
def test_a_right_setting_is_not_reported(settings: pytest_django.Settings, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert found() == []


@pytest.mark.parametrize(
    ("name", "id", "value"), [(name, id, value) for name, id, values in WRONG for value in values], ids=repr
)
def test_a_wrong_setting_is_an_error_that_names_it_its_value_and_what_is_allowed(
    settings: pytest_django.Settings, name: str, id: str, value: Any
) -> None:
    setattr(settings, name, value)
    [message] = found()
    assert (message.id, message.level, message.msg) == (f"downtime.{id}", ERROR, f"{name} is {value!r}.")
    assert str(message.hint).startswith("It must be ")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DOWNTIME_EXEMPT_IPS", ["192.0.2.1", "192.0.2.1/24"], " 192.0.2.1/24 has host bits set."),
        ("DOWNTIME_EXEMPT_IPS", ["example.com"], " 'example.com' does not appear to be an IPv4 or IPv6 network."),
        ("DOWNTIME_EXEMPT_IF", ["os.path.sep"], " os.path.sep can't be called."),
        ("DOWNTIME_EXEMPT_IF", ["no.such.module"], " no.such.module can't be imported: No module named 'no'."),
        ("DOWNTIME_WATCH", "native", " Instead of 'native' write 'auto', which does the same."),
        ("DOWNTIME_WATCH", "polling", " Instead of 'polling' write 'none': requests then compare the files"),
        ("DOWNTIME_VIEW", "os.nothing", 'os.nothing can\'t be imported: Module "os" does not define a "nothing"'),
    ],
)
def test_the_hint_says_which_part_of_a_setting_is_wrong(
    settings: pytest_django.Settings, name: str, value: Any, reason: str
) -> None:
    setattr(settings, name, value)
    [message] = found()
    assert reason in str(message.hint)


def test_a_page_in_the_place_of_another_file_is_told_which(settings: pytest_django.Settings, tmp_path: Path) -> None:
    settings.DOWNTIME_FLAG_FILE = [tmp_path / "a.flag", tmp_path / "b.json"]
    told = {
        "a.flag": f" {tmp_path}/a.flag is in DOWNTIME_FLAG_FILE already.",
        "b.html": f" {tmp_path}/b.json is in DOWNTIME_FLAG_FILE already.",
        "downtime.yml": f" {tmp_path}/downtime.yml is DOWNTIME_SCHEDULE_FILE already.",
        "c.json": f" {tmp_path}/c.json is where its problem details belong; give the page another suffix, such as",
    }
    for name, reason in told.items():
        settings.DOWNTIME_PAGE_FILE = tmp_path / name
        [message] = found()
        assert message.id == "downtime.E015"
        assert f", or None.{reason}" in str(message.hint)


@pytest.mark.parametrize(("name", "reason"), NEVER_ANSWER.items(), ids=NEVER_ANSWER)
def test_a_callable_that_can_not_answer_is_told_why(settings: pytest_django.Settings, name: str, reason: str) -> None:
    dotted_path = f"tests.checks.test_setting_rules.{name}"
    settings.DOWNTIME_EXEMPT_IF, settings.DOWNTIME_VIEW = [dotted_path], dotted_path
    messages = found()
    assert [message.id for message in messages] == ["downtime.E013", "downtime.E014"]
    for message in messages:
        assert f" {dotted_path} {reason}" in str(message.hint)


def test_a_template_that_can_not_be_parsed_is_an_error(settings: pytest_django.Settings, tmp_path: Path) -> None:
    (tmp_path / "broken.html").write_text("{% if %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.DOWNTIME_TEMPLATE = "broken.html"
    assert ids() == ["E007"]


def test_every_setting_has_a_rule() -> None:
    properties = {name for name in vars(Settings) if name.startswith("DOWNTIME_")}
    assert {name for name, _ in RIGHT} == {name for name, *_ in WRONG} == properties == set(setting_rules.RULES)


def test_a_path_that_each_process_would_find_elsewhere_is_an_error(settings: pytest_django.Settings) -> None:
    settings.DOWNTIME_SCHEDULE_FILE = "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = ["/run/downtime.flag", "downtime.flag"]
    assert ids() == ["E001", "E002"]
