"""README.rst describes each setting, and no document speaks of another."""

import re

import pytest

from downtime.conf import WATCHERS, Settings
from tests.support.readme import DOCUMENTS, TEXT

README = DOCUMENTS["README.rst"]
HEADING = re.compile(r"^`{0,2}(DOWNTIME_[A-Z_]+): ([^`\n]+)`{0,2}\n([-=~^\"'*+])\3+\n", re.MULTILINE)
PROPERTIES = [name for name in vars(Settings) if name.startswith("DOWNTIME_")]
SECTIONS = {
    heading.group(1): README[
        heading.end() : following.start() if following else README.index("\nCommands\n=", heading.end())
    ]
    for heading, following in zip(HEADING.finditer(README), [*list(HEADING.finditer(README))[1:], None], strict=True)
}


def test_the_headings_are_the_settings_in_their_order() -> None:
    assert [name for name, *_ in HEADING.findall(README)] == PROPERTIES


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_setting_tells_its_default(name: str) -> None:
    assert "Default: ``" in SECTIONS[name]


def test_each_way_to_watch_is_described() -> None:
    assert re.findall(r'^- ``"(\w+)"``', SECTIONS["DOWNTIME_WATCH"], re.MULTILINE) == list(WATCHERS)


def test_no_other_setting_is_spoken_of() -> None:
    gone = {"DOWNTIME_MIXIN", "DOWNTIME_NODATABASE_MODE"}
    assert set(re.findall(r"DOWNTIME_[A-Z_]+", TEXT)) == {*PROPERTIES, *gone}
