"""The page has its style and script under a strict policy too: its own, and a proxy's with the documented hashes."""

import re

import pytest
import pytest_django

from downtime.http.content_security_policy import inline_hashes, policy
from downtime.schedule.periods import Period
from tests.support.readme import TEXT
from tests.support.refusals import ENDS_AT_FOUR, PROBLEM, START, refused

HEADER = "Content-Security-Policy"


@pytest.mark.parametrize(
    ("page", "hashes"),
    [
        ("", []),
        ("<p>style</p>", []),
        ("<style></style>", ["'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"]),
        (
            "<style>\n</style> <style></style>",
            [
                "'sha256-AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs='",
                "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
            ],
        ),
    ],
    ids=["nothing", "no style", "an empty one", "two"],
)
def test_each_style_has_its_hash(page: str, hashes: list[str]) -> None:
    assert inline_hashes(page, "style") == hashes
    assert inline_hashes(page.replace("style", "script"), "script") == hashes


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "period",
    [Period(START), Period(START, message="<style>p {}</style><script>1"), Period(START, paths=("/shop",))],
    ids=str,
)
def test_the_app_s_own_page_brings_its_policy(period: Period, method: str) -> None:
    """The same one whatever the page says: a message adds neither a style nor a script."""
    answer = refused(period, ENDS_AT_FOUR, method=method, spares_home=True)
    assert answer[HEADER] == policy(refused().content.decode())


def test_the_documented_hashes_are_those_of_the_page() -> None:
    page = refused().content.decode()
    hashes = [*inline_hashes(page, "style"), *inline_hashes(page, "script")]
    assert re.findall(r"'sha256-[^']+'", TEXT) == hashes
    assert len(hashes) == 2


def test_what_the_policy_does_not_allow_is_not_on_the_page() -> None:
    """No style attribute, form or address to load from, and no script but the one."""
    for method in ("GET", "POST"):
        page = refused(Period(START, message="Some text."), ENDS_AT_FOUR, method=method).content.decode()
        assert not re.search(r"\sstyle=|<script\s|<form|\ssrc=|\son\w+=|javascript:", page)
        assert re.findall(r'<link [^>]*href="([^"]*)"', page) == ["data:,"]


def test_other_answers_leave_the_policy_to_the_site(
    settings: pytest_django.Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    json = refused(accept="application/json")
    assert json["Content-Type"] == PROBLEM
    assert HEADER not in json
    assert HEADER not in refused(Period(START, redirect="/sorry/"))
    # A template of the project may need a picture, a font or a script.
    folder = tmp_path_factory.mktemp("templates")
    (folder / "downtime").mkdir()
    (folder / "downtime" / "downtime.html").write_text("<style>p {}</style>mine")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [folder]}]
    assert refused().content == b"<style>p {}</style>mine"
    assert HEADER not in refused()
    (folder / "mine.html").write_text("mine")
    settings.DOWNTIME_TEMPLATE = "mine.html"
    assert HEADER not in refused()
