"""The catalogues hold every text of the page, the banner and the JSON body, and the site shows them."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import ROOT, require
from tests.support.requests import Ask

pytestmark = pytest.mark.usefixtures("with_locale")

LOCALE = ROOT / "downtime" / "locale"
# Words that are the same in English.
SAME = {
    *[("nl", "Week"), ("de", "in %(time)s")],
    *[(language, f"%(count)s {unit}") for language in ("es", "pt_BR") for unit in ("d", "h", "min")],
    *[("fr", "%(count)s h"), ("fr", "%(count)s min"), ("nl", "%(count)s d"), ("nl", "%(count)s min")],
}
LANGUAGES = ["de", "es", "fr", "ja", "nl", "pt_BR", "zh_Hans"]


def texts(path: Path) -> dict[str, str]:
    """The texts of a compiled catalogue and their translations."""
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {text: translated for text, translated in catalogue.items() if text}


def catalogue(language: str, folder: Path = LOCALE) -> Path:
    return folder / language / "LC_MESSAGES" / "django.mo"


def test_these_languages_are_shipped() -> None:
    assert sorted(path.name for path in LOCALE.iterdir()) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_what_its_source_compiles_to(language: str, tmp_path: Path) -> None:
    require("msgfmt")
    compiled = tmp_path / "django.mo"
    source = catalogue(language).with_suffix(".po")
    subprocess.run(["msgfmt", "--check-format", "-o", compiled, source], check=True)
    assert texts(compiled) == texts(catalogue(language))


def test_every_text_of_the_package_is_translated(tmp_path: Path) -> None:
    """As makemessages finds them in the sources; an untranslated or fuzzy one is not compiled."""
    require("xgettext")
    package = shutil.copytree(ROOT / "downtime", tmp_path / "downtime")
    shutil.rmtree(package / "locale")
    (package / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale=en"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=package, env=environment, check=True, capture_output=True)
    source = catalogue("en", package / "locale").with_suffix(".po")
    filled = subprocess.run(["msgen", source], check=True, capture_output=True).stdout
    subprocess.run(["msgfmt", "-o", source.with_suffix(".mo"), "-"], input=filled, check=True)
    found = set(texts(source.with_suffix(".mo")))
    assert len(found) >= 10
    assert {language: set(texts(catalogue(language))) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_and_the_markup_of_its_text(language: str) -> None:
    for key, translated in texts(catalogue(language)).items():
        text = key.rpartition("\x04")[2]  # behind its context
        for part in (r"%\(\w+\)s", r"\{\w+\}", r"<[^>]*>"):
            assert sorted(re.findall(part, translated)) == sorted(re.findall(part, text)), text
        assert translated != text or (language, text) in SAME


@pytest.mark.parametrize(
    ("asked", "code", "heading", "end"),
    [
        ("de-CH, en;q=0.5", "de", "Wegen Wartung nicht erreichbar", "1. Dezember 2099 um 04:00 CET"),
        ("es-MX", "es-mx", "Sitio en mantenimiento", "1 de Diciembre de 2099 a las 04:00 CET"),
        ("fr", "fr", "Site en maintenance", "1 décembre 2099 à 04:00 CET"),
        ("ja", "ja", "メンテナンス中です", "2099年12月1日 04:00 (CET)"),
        ("nl-BE", "nl", "Gesloten voor onderhoud", "1 december 2099 om 04:00 CET"),
        ("pt-BR", "pt-br", "Site em manutenção", "1 de Dezembro de 2099 às 04:00 CET"),
        ("zh-CN", "zh-hans", "网站维护中", "2099年12月1日 04:00 (CET)"),
        ("zh-Hans", "zh-hans", "网站维护中", "2099年12月1日 04:00 (CET)"),
        ("en-GB", "en-gb", "Down for maintenance", "1 Dec 2099 at 04:00 CET"),
    ],
)
def test_the_page_and_its_dates_are_in_the_language_of_the_client(
    ask: Ask, flag: Path, asked: str, code: str, heading: str, end: str
) -> None:
    flag.write_text("end: 2099-12-01 04:00")
    answer = ask("/", headers={"accept-language": asked})
    page = answer.content.decode()
    assert answer["Content-Language"] == code
    assert f'<html lang="{code}" dir="ltr">' in page
    assert f"<h1>{heading}</h1>" in page
    assert end in page


@pytest.mark.parametrize(("asked", "detail"), [("fr", "Le site est en maintenance."), ("ja-JP", "メンテナンス中です")])
def test_the_json_body_is_in_the_language_of_the_client(ask: Ask, flag: Path, asked: str, detail: str) -> None:
    flag.touch()
    answer = ask("/", headers={"accept": "application/json", "accept-language": asked})
    assert detail in answer.json()["detail"]  # type: ignore[attr-defined]
