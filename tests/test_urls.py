"""The public state, where a site includes downtime.urls."""

from pathlib import Path

import pytest
import pytest_django
from django.conf.urls.i18n import i18n_patterns
from django.urls import NoReverseMatch, include, path, reverse
from django.utils import translation

from tests.support.requests import Ask
from tests.support.system_checks import ids


class Included:
    """A URLconf with the feeds and nothing else."""

    urlpatterns = [path("downtime/", include("downtime.urls"))]


class InEachLanguage:
    """A URLconf with the feeds below a prefix for each language."""

    urlpatterns = i18n_patterns(path("downtime/", include("downtime.urls")))


NAMES = {"status": "status.json", "calendar": "downtime.ics", "banner": "banner.html"}


@pytest.mark.parametrize(("name", "file"), NAMES.items(), ids=NAMES)
def test_each_has_a_name(settings: pytest_django.Settings, name: str, file: str) -> None:
    settings.ROOT_URLCONF = Included
    assert reverse(f"downtime:{name}") == f"/downtime/{file}"


@pytest.mark.usefixtures("with_locale")
def test_they_can_stand_below_the_prefix_of_a_language(settings: pytest_django.Settings, ask: Ask, flag: Path) -> None:
    settings.ROOT_URLCONF = InEachLanguage
    flag.touch()
    with translation.override("de"):
        url = reverse("downtime:status")
    assert url == "/de/downtime/status.json"
    assert ask(url).status_code == 200


def test_a_site_that_does_not_include_them_has_none() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("downtime:status")


@pytest.mark.parametrize("urlconf", [Included, InEachLanguage])
def test_the_checks_are_content_with_them(settings: pytest_django.Settings, urlconf: type) -> None:
    settings.ROOT_URLCONF = urlconf
    assert ids() == []


@pytest.mark.parametrize("file", NAMES.values())
def test_they_answer_while_the_site_is_down_and_nothing_beside_them_does(
    settings: pytest_django.Settings, ask: Ask, flag: Path, file: str
) -> None:
    settings.ROOT_URLCONF = Included
    settings.DOWNTIME_URL_REDIRECT = "https://status.example.com/"
    flag.touch()
    answer = ask(f"/downtime/{file}?within=1d")
    assert (answer.status_code, "X-Downtime" in answer) == (200, False)
    assert ask(f"/downtime/{file}/").status_code == 302
    assert ask("/downtime/").status_code == 302
