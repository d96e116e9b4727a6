import pytest

from downtime.http.negotiation import prefers_json
from tests.support.refusals import PROBLEM, refused

ACCEPTS = [
    ("", "text/html"),
    ("*/*", "text/html"),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
    ("image/avif,image/webp,*/*;q=0.8", "text/html"),
    ("image/png", "text/html"),
    ("text/plain", "text/html"),
    ("text/*", "text/html"),
    ("nonsense", "text/html"),
    (";;,;q=,/", "text/html"),
    ("application/json", PROBLEM),
    ("application/problem+json", PROBLEM),
    ("APPLICATION/JSON", PROBLEM),
    ("application/*", PROBLEM),
    ("application/json, */*;q=0.1", PROBLEM),
    ("application/json, text/plain, */*", PROBLEM),
    ("application/json;q=0.9, text/html;q=0.8", PROBLEM),
    ("application/json;q=0.8, text/html;q=0.9", "text/html"),
    ("text/html, application/json", "text/html"),
    ("application/json, text/html", "text/html"),
    ("application/json;q=0, */*", "text/html"),
    ("application/json;q=0", "text/html"),
    ("application/json;charset=utf-8", PROBLEM),
    ("application/json; version=1.0", PROBLEM),
    ("application/vnd.api+json", PROBLEM),
    ("*/*, application/json;q=0.5", "text/html"),
    ("text/html;q=0.5, application/json;q=0.7, */*;q=0.8", PROBLEM),
    ("application/xhtml+xml, application/json", "text/html"),
    ("application/xml, */*;q=0.5", "text/html"),
]
"""Values of Accept, and the type of the response."""


@pytest.mark.parametrize(("accept", "content_type"), ACCEPTS)
def test_a_client_that_prefers_json_gets_it_and_any_other_the_page(accept: str, content_type: str) -> None:
    assert refused(accept=accept)["Content-Type"].partition(";")[0] == content_type


@pytest.mark.parametrize(("accept", "content_type"), ACCEPTS)
def test_json_is_preferred_by_its_quality(accept: str, content_type: str) -> None:
    assert prefers_json(accept) is (content_type == PROBLEM)


def test_a_header_that_django_can_not_parse_prefers_nothing() -> None:
    unreadable = "application/json; x*=no-such-encoding''%41"
    assert not prefers_json(unreadable)
    assert prefers_json(unreadable, is_script=True)


OF_SCRIPTS = {
    "none": ("", True),
    "fetch, requests and curl": ("*/*", True),
    "XMLHttpRequest of Angular": ("application/json, text/plain, */*", True),
    "EventSource": ("text/event-stream", True),
    "an image": ("image/avif,image/webp,*/*;q=0.8", True),
    "nonsense": ("nonsense", True),
    "HTML": ("text/html", False),
    "HTML among others": ("text/vnd.turbo-stream.html, text/html, application/xhtml+xml", False),
    "HTML least": ("*/*, text/html;q=0.1", False),
    "HTML refused": ("text/html;q=0, */*", True),
    "XHTML": ("application/xhtml+xml, */*", False),
    "any text": ("text/*", False),
    "JSON before HTML": ("application/json, text/html;q=0.5", True),
}


@pytest.mark.parametrize(("accept", "is_json"), OF_SCRIPTS.values(), ids=OF_SCRIPTS)
def test_a_script_gets_json_unless_it_names_html(accept: str, is_json: bool) -> None:
    assert prefers_json(accept, is_script=True) is is_json
