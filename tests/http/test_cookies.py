import pytest
from django.test import RequestFactory

from downtime.http.cookies import cookie


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("", ""),
        ("django_language=de", "de"),
        ("a=1; django_language=de; b=2", "de"),
        ("a=1;django_language=de", "de"),
        ("django_language=de; django_language=fr", "fr"),
        ('a=1; django_language="de"', "de"),
        ('django_language="de', '"de'),
        ('django_language="', '"'),
        ("django_language", ""),
        ("django_language=", ""),
        ("x_django_language=de", ""),
        ("django_language_x=de", ""),
        ("a=django_language=de", ""),
        (";;=;", ""),
    ],
)
def test_a_cookie_is_found_by_its_name(header: str, value: str) -> None:
    request = RequestFactory().get("/", headers={"cookie": header})
    assert cookie(request, "django_language") == value
    if header.count("django_language=") == 1:
        assert request.COOKIES.get("django_language", "") == value


def test_a_request_without_cookies_has_none() -> None:
    assert cookie(RequestFactory().get("/"), "django_language") == ""
