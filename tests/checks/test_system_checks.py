import re
from pathlib import Path

import pytest
import pytest_django
import yaml
from django.core.checks import WARNING

from downtime.checks import files, fleet, middleware, setting_rules, system_checks, urlconf
from tests.support.nasty_texts import NASTY, is_harmless
from tests.support.readme import TEXT
from tests.support.system_checks import found, ids


def test_a_site_with_nothing_set_has_nothing_to_correct(settings: pytest_django.Settings) -> None:
    del settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE
    del settings.DOWNTIME_RECHECK, settings.DOWNTIME_WATCH
    assert found() == []


@pytest.mark.parametrize(
    ("name", "id", "hint"),
    [
        ("DOWNTIME_MIXIN", "W001", "DOWNTIME_TEMPLATE"),
        ("DOWNTIME_NODATABASE_MODE", "W001", "Remove it"),
        ("DOWNTIME_EXEMPT_PATH", "W002", "Did you mean DOWNTIME_EXEMPT_PATHS?"),
        ("DOWNTIME_FLAGFILE", "W002", "Did you mean DOWNTIME_FLAG_FILE?"),
        ("DOWNTIME_XYZ", "W002", "Remove it."),
    ],
)
def test_a_setting_that_does_nothing_is_reported_with_what_to_write_instead(
    settings: pytest_django.Settings, name: str, id: str, hint: str
) -> None:
    setattr(settings, name, True)
    [message] = found()
    assert (message.id, message.level) == (f"downtime.{id}", WARNING)
    assert name in message.msg
    assert hint in str(message.hint)


def test_an_id_is_never_used_again_for_another_check() -> None:
    """Add to this list; nothing is ever taken from it or given another meaning."""
    used = [f"E{number:03}" for number in range(1, 18)] + [f"W{number:03}" for number in range(1, 22)]
    modules = (system_checks, files, fleet, middleware, setting_rules, urlconf)
    source = "".join(Path(module.__file__).read_text() for module in modules)
    assert sorted(set(re.findall(r'"(?:downtime\.)?([EW]\d{3})"', source))) == used
    documented = str(system_checks.__doc__) + TEXT
    assert all(id in documented for id in ("E001", "E017", *used[17:]))


BROKEN = {"no engine": [], "no apps": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]}


@pytest.mark.parametrize("templates", BROKEN.values(), ids=BROKEN)
def test_a_page_that_can_not_be_loaded_is_reported_unless_a_view_takes_its_place(
    settings: pytest_django.Settings, templates: list[dict[str, str]]
) -> None:
    settings.TEMPLATES = templates
    [message] = found()
    assert (message.id, message.level) == ("downtime.W013", WARNING)
    assert "downtime/downtime.html can't be loaded" in message.msg
    assert "TemplateDoesNotExist" in message.msg
    assert str(message.hint).startswith("Set APP_DIRS")
    settings.DOWNTIME_VIEW = "tests.http.test_responses.told"
    assert found() == []


def test_a_page_of_the_site_that_takes_the_place_of_the_one_that_comes_along_is_loaded_too(
    settings: pytest_django.Settings, tmp_path: Path
) -> None:
    (tmp_path / "downtime").mkdir()
    (tmp_path / "downtime" / "downtime.html").write_text("{% if %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    [message] = found()
    assert (message.id, message.level) == ("downtime.W013", WARNING)
    assert "TemplateSyntaxError: " in message.msg
    assert message.msg.endswith("Unexpected end of expression in if tag.")
    assert str(message.hint).startswith("Correct the template")


IN_A_FILE = "x" + "".join(text for text, _ in NASTY.values()).replace("\udcff", "")


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump({"periods": [{"start": IN_A_FILE, "name": IN_A_FILE, IN_A_FILE: 1}]}),
        f"a: *{IN_A_FILE}",
        f"message: !{IN_A_FILE}",
    ],
    ids=["values", "no YAML", "a tag"],
)
def test_no_text_or_path_begins_a_line_or_moves_a_cursor_as_problems_are_told(
    settings: pytest_django.Settings, tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "::error::\n::error::\x1b\u202e##[x]"
    folder.mkdir()
    (folder / "a").write_text(text)
    (folder / "loop").symlink_to("loop")
    settings.DOWNTIME_SCHEDULE_FILE = folder / "a"
    settings.DOWNTIME_FLAG_FILE = [folder / "a", folder / "loop" / "b", folder / "none" / "c"]
    messages = found()
    assert {"downtime.W006", "downtime.W008", "downtime.W017"} <= {str(message.id) for message in messages}
    assert all(is_harmless(line) for message in messages for line in (message.msg, str(message.hint)))
    assert not any("\n" in message.msg for message in messages)


@pytest.mark.parametrize("folder", [None, "", ".", "site", 5])
def test_a_default_in_no_known_folder_is_an_error(settings: pytest_django.Settings, folder: object) -> None:
    settings.BASE_DIR = folder
    settings.DOWNTIME_SCHEDULE_FILE = settings.DOWNTIME_FLAG_FILE = None
    assert ids() == ["E001", "E002"]


def test_a_path_that_is_given_needs_no_folder(settings: pytest_django.Settings) -> None:
    settings.BASE_DIR = None
    assert ids() == []
