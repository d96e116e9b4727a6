"""Many commands that edit the schedule at the same time."""

import os
import re

from downtime.files.parser import parse
from tests.support.harness import Site, finished
from tests.support.texts import BERLIN

AT_ONCE = 32


def names(text: str) -> list[str]:
    parsed = parse(text, BERLIN)
    assert not parsed.problems
    return [period.name for period in parsed.schedule.periods]


def test_of_many_commands_at_the_same_time_no_edit_is_lost(site: Site) -> None:
    """Half of them schedule a period, the others cancel one with its comment."""
    old = [f"old{number}" for number in range(AT_ONCE // 2)]
    new = [f"new{number}" for number in range(AT_ONCE // 2)]
    items = [f"  # of {name}\n  - name: {name}  # {name}\n    start: 2099-01-01\n" for name in old]
    site.schedule.write_text(
        "# top\nperiods:  # all\n" + "".join(items[:8]) + "  # kept\n\n" + "".join(items[8:]) + "# end\n"
    )
    running = [site.start_manage("downtime_cancel", name) for name in old]
    running += [site.start_manage("downtime_schedule", name, "--start", "2099-01-01", "--for", "2h") for name in new]
    for command in running:
        finished(command, within=60)
    text = site.schedule.read_text()
    assert sorted(names(text)) == sorted(new)
    assert re.findall("#.*", text) == ["# top", "# all", "# kept", "# end"]
    assert sorted(os.listdir(site.watched)) == [".downtime.yml.lock", "downtime.yml"]
