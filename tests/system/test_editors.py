"""What an editor says of a schedule whose first line is that of a command, by the language server of VS Code's YAML."""

from collections.abc import Iterator

import pytest

from downtime.edits.head import FIRST_LINE, SCHEMA_URL
from downtime.files.fields import KEYS
from tests.project.test_sample_config import UNCOMMENTED
from tests.project.test_schema import PERIOD
from tests.support.editor_view import SCHEMA_FILE
from tests.support.language_server import LanguageServer

# With the file of this checkout, as there is no network.
HEAD = FIRST_LINE.replace(SCHEMA_URL, SCHEMA_FILE.as_uri())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with LanguageServer(tmp_path_factory.mktemp("editor")) as server:
        yield server


def test_a_sound_schedule_is_left_alone(server: LanguageServer) -> None:
    assert server.open(f"{HEAD}\n{UNCOMMENTED}") == []
    assert server.open(f"{HEAD}\n") == []


COMPLAINTS = {
    "start: soon": "It must be an ISO 8601 date or date and time, such as 2026-12-01,",
    "retry_after: 0": "Value is below the minimum of 1.",
    "enabled: yes": 'Incorrect type. Expected "boolean".',
    "duration: 1w": "A duration must be such as 90m, 2h, 1h30m or 1d, up to 3660d.",
    "paths: [/a*]": "It must be a path prefix such as /search, in whole segments, decoded,",
    "mesage: a": "Property mesage is not allowed.",
    "{start: 2026-12-01, end: 2026-12-02, duration: 1d}": "Both end and duration are given; give only one of them.",
    "cron: 30 3 * * SUN": "A period with cron needs a duration, such as 45m.",
    "end: 2026-12-01": "A period needs a start, or cron with a duration.",
}


@pytest.mark.parametrize("text", COMPLAINTS)
def test_what_the_parser_would_refuse_is_underlined_on_its_line(server: LanguageServer, text: str) -> None:
    first = "start: 2026-12-01" if not text.startswith(("start", "{", "cron", "end")) else ""
    lines = [HEAD, "periods:", f"- {first or text}", *([f"  {text}"] if first else [])]
    [(line, message)] = server.open("\n".join(lines))
    assert line == len(lines)
    assert message.startswith(COMPLAINTS[text])


def test_without_the_first_line_nothing_is_known_of_it(server: LanguageServer) -> None:
    """So that it is that line by which the editor finds the schema."""
    assert server.open("periods:\n- start: soon\n") == []


def test_keys_and_values_are_offered(server: LanguageServer) -> None:
    server.open(f"{HEAD}\n\n")
    assert server.completions(2, 1) == {"timezone", "periods"}
    server.open(f"{HEAD}\nperiods:\n  - start: 2026-12-01\n    \n")
    assert server.completions(4, 5) == set(KEYS) - {"start"}
    server.open(f"{HEAD}\nperiods:\n  - read_only: \n")
    assert server.completions(3, 16) == {"true", "false"}
    server.open(f"{HEAD}\nperiods:\n  - timezone: \n")
    assert server.completions(3, 15) >= {"Europe/Berlin", "UTC"}


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_explained_where_it_stands(server: LanguageServer, key: str) -> None:
    server.open(f"{HEAD}\nperiods:\n  - {key}: \n")
    shown = server.hover(3, 6).replace("\\", "")
    assert PERIOD[key]["description"] in shown
