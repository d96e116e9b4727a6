from pathlib import Path

import pytest
import pytest_django
from django.template import RequestContext, Template
from django.test import RequestFactory

from downtime import live

PERIODS = """
periods:
  - {start: 2020-01-01, end: 2999-01-01, name: now, message: "Faster <disks>.", read_only: true}
  - {start: 2999-03-01, name: later}
  - {start: 2999-02-01, name: sooner}
  - {start: 2999-02-01, name: never, enabled: false}
"""


@pytest.fixture(autouse=True)
def processor(settings: pytest_django.Settings) -> None:
    options = {"context_processors": ["downtime.context_processors.downtime"]}
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": options}]


def rendered(source: str) -> str:
    return Template(source).render(RequestContext(RequestFactory().get("/")))


def test_a_template_sees_what_is_active_and_what_is_to_come(schedule: Path) -> None:
    schedule.write_text(PERIODS)
    live.answer()
    assert rendered("{% for p in downtime.active %}{{ p.name }}: {{ p.message }}{% endfor %}") == (
        "now: Faster &lt;disks&gt;."
    )
    assert rendered("{% for p in downtime.upcoming %}{{ p.name }} {% endfor %}") == "sooner later "
    assert rendered("{{ downtime.upcoming.0.start|date:'Y-m-d H:i T' }}") == "2999-02-01 00:00 CET"


def test_while_the_site_is_up_nothing_is_active() -> None:
    live.answer()
    assert rendered("{% if downtime.active %}down{% endif %}{% if downtime.upcoming %}soon{% endif %}") == ""


def test_nothing_is_computed_unless_it_is_used(
    schedule: Path, file_accesses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.write_text(PERIODS)
    live.answer()
    file_accesses.clear()
    for name in ("active", "upcoming"):
        monkeypatch.setattr(live, name, lambda: pytest.fail("nobody asked for it"))
    assert rendered("a page like any other") == "a page like any other"
    monkeypatch.undo()
    assert file_accesses == []
