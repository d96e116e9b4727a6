"""The page has its style under a strict policy too: its own, and one that a proxy sets with the hash of README.rst."""

import re

import pytest
import pytest_django

from downtime.http.content_security_policy import policy, style_hashes
from downtime.http.pages import OWN_TEMPLATE
from downtime.schedule.periods import Period
from tests.support.programs import ROOT
from tests.support.refusals import ENDS_AT_FOUR, PROBLEM, START, refused

README = (ROOT / "README.rst").read_text()
HEADER = "Content-Security-Policy"


@pytest.mark.parametrize(
    ("page", "hashes"),
    [
        ("", []),
        ("<p>style</p>", []),
        ("<style></style>", ["'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"]),
        ("<style>\n</style> <style></style>", ["'sha256-AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs='"]),
    ],
    ids=["nothing", "no style", "an empty one", "two"],
)
def test_each_style_has_its_hash(page: str, hashes: list[str]) -> None:
    assert style_hashes(page)[: len(hashes)] == hashes
    assert len(style_hashes(page)) == page.count("<style>")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "period", [Period(START), Period(START, message="<style>p {}</style>"), Period(START, paths=("/shop",))], ids=str
)
def test_the_app_s_own_page_brings_its_policy(period: Period, method: str) -> None:
    """The same one whatever the page says: a message adds no style."""
    answer = refused(period, ENDS_AT_FOUR, method=method, spares_home=True)
    assert answer[HEADER] == policy(OWN_TEMPLATE.read_text())


def test_the_hashes_of_the_readme_are_those_of_the_page() -> None:
    assert re.findall(r"'sha256-[^']+'", README) == style_hashes(OWN_TEMPLATE.read_text())


def test_what_the_policy_does_not_allow_is_not_on_the_page() -> None:
    """No style attribute, script, form or address to load from."""
    page = OWN_TEMPLATE.read_text()
    assert not re.search(r"\sstyle=|<script|<form|\ssrc=|\son\w+=|javascript:", page)
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
