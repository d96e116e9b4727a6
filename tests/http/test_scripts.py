import pytest
from django.test import RequestFactory

from downtime.http.scripts import is_for_fragment, is_htmx, is_script

SENT = {
    "nothing": ({}, False, False),
    "fetch": ({"Sec-Fetch-Dest": "empty"}, True, False),
    "a navigation": ({"Sec-Fetch-Dest": "document"}, False, False),
    "a frame": ({"Sec-Fetch-Dest": "iframe"}, False, False),
    "an image": ({"Sec-Fetch-Dest": "image"}, False, False),
    "XMLHttpRequest": ({"X-Requested-With": "XMLHttpRequest"}, True, False),
    "XMLHttpRequest in small letters": ({"X-Requested-With": "xmlhttprequest"}, True, False),
    "an app": ({"X-Requested-With": "com.example.browser"}, False, False),
    "JSON": ({"Content-Type": "application/json"}, True, False),
    "JSON with a charset": ({"Content-Type": "Application/JSON; charset=utf-8"}, True, False),
    "JSON of a kind": ({"Content-Type": "application/vnd.api+json"}, True, False),
    "a form": ({"Content-Type": "application/x-www-form-urlencoded"}, False, False),
    "a file": ({"Content-Type": "multipart/form-data; boundary=application/json"}, False, False),
    "text": ({"Content-Type": "text/json"}, False, False),
    "malformed": ({"Content-Type": "/;;+json"}, False, False),
    "htmx": ({"HX-Request": "true", "Sec-Fetch-Dest": "empty"}, False, True),
    "htmx with JSON": ({"HX-Request": "true", "Content-Type": "application/json"}, False, True),
    "not htmx": ({"HX-Request": "no", "Sec-Fetch-Dest": "empty"}, True, False),
    "a frame of Turbo": ({"Turbo-Frame": "cart", "Sec-Fetch-Dest": "empty"}, True, True),
}


@pytest.mark.parametrize(("headers", "by_script", "for_fragment"), SENT.values(), ids=SENT)
def test_a_request_tells_who_has_sent_it(headers: dict[str, str], by_script: bool, for_fragment: bool) -> None:
    request = RequestFactory().get("/", headers=headers)
    assert (is_script(request), is_for_fragment(request)) == (by_script, for_fragment)
    assert is_htmx(request) is (headers.get("HX-Request") == "true")
