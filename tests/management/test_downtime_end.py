"""downtime_end, which lowers the flag and ends the active periods."""

import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_django
from django.core.management import CommandError

from downtime.http.prerendered import prerender
from downtime.management.page_file import NEUTRAL
from tests.support.commands import CRON, UPGRADE, is_down, periods, refusal, run, status, told


def test_end_brings_the_site_back_and_says_so(flag: Path) -> None:
    run("downtime_start")
    assert run("downtime_end") == f"Lowered the flag {flag}.\nThe site is up.\n"
    assert not is_down()


def test_end_without_a_flag_in_the_settings_ends_the_periods(
    settings: pytest_django.Settings, schedule: Path, flag: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = []
    flag.touch()
    assert run("downtime_end") == "The site was not down; there was nothing to end.\n"
    schedule.write_text(UPGRADE)
    assert run("downtime_end") == f"Ended upgrade in {schedule}.\nThe site is up.\n"
    assert flag.exists()


def test_end_of_a_period_that_began_within_this_second_can_be_read(schedule: Path) -> None:
    started = datetime.now(timezone.utc)
    schedule.write_text(f"periods: [{{start: '{started.isoformat()}'}}]")
    assert is_down()
    assert f"Ended the period on line 1 in {schedule}." in told("downtime_end", "--no-wait")
    [period] = periods(schedule)
    assert period.start == started
    assert period.end <= max(started + timedelta(seconds=1), datetime.now(timezone.utc))


def test_end_has_nothing_to_end_where_the_site_is_up(schedule: Path) -> None:
    expected = "The site was not down; there was nothing to end.\n"
    assert run("downtime_end") == expected
    assert not schedule.exists()
    text = "periods: [{start: 2999-01-01}, {start: 2020-01-01, end: 2020-01-02}, {start: 2020-01-01, enabled: false}]"
    schedule.write_text(text)
    assert run("downtime_end") == expected
    assert schedule.read_text() == text


def test_end_lowers_whatever_flag_there_is(flag: Path) -> None:
    for make in (Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")):
        make(flag)
        assert "The site is up." in run("downtime_end")
        assert not os.path.lexists(flag)


def test_end_ends_every_active_period_and_nothing_else(schedule: Path) -> None:
    tail = "  - {start: 2020-01-01, end: 2999-01-01}\n  - {start: 2999-01-01, name: later}\n"
    schedule.write_text(UPGRADE + tail)
    assert is_down()
    written = run("downtime_end")
    assert written == f"Ended upgrade in {schedule}.\nEnded the period on line 4 in {schedule}.\nThe site is up.\n"
    assert not is_down()
    found = status()
    assert [period["name"] for period in found["upcoming"]] == ["later"]
    assert found["problems"] == []
    lines = schedule.read_text().splitlines()
    assert lines[:2] == UPGRADE.splitlines()[:2]
    assert lines[-1] == tail.splitlines()[-1]


def test_end_ends_the_running_occurrence_of_a_repeating_period(schedule: Path) -> None:
    schedule.write_text(CRON.replace("* * * * *", "0 0 1 1 *").replace("1m", "366d"))
    assert "Ended the running occurrence of often in" in run("downtime_end")
    assert not is_down()
    assert [period["name"] for period in status()["upcoming"]] == ["often"]


def test_end_ends_flag_and_periods_together(schedule: Path, flag: Path) -> None:
    run("downtime_start")
    schedule.write_text(UPGRADE)
    assert run("downtime_end").splitlines()[:2] == [f"Lowered the flag {flag}.", f"Ended upgrade in {schedule}."]
    assert not is_down()


def test_end_says_why_the_site_is_still_down(settings: pytest_django.Settings, flag: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    flag.touch()
    other.touch()
    os.utime(other, (1_600_000_000, 1_600_000_000))
    still_down = "The site is still down, since 2020-09-13 14:26:40 CEST, without a known end, because of flag"
    assert refusal("downtime_end") == f"{still_down} {other}."
    assert not flag.exists()
    assert other.exists()


def test_end_does_not_call_down_what_is_only_read_only(
    settings: pytest_django.Settings, flag: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    settings.DOWNTIME_FLAG_FILE = [flag, other]
    flag.touch()
    other.write_text("read_only: true")
    assert refusal("downtime_end").startswith("The site is still read-only, since ")


def test_end_does_not_edit_a_schedule_with_problems(schedule: Path, flag: Path) -> None:
    text = f"{UPGRADE}  - start: soon\n"
    schedule.write_text(text)
    flag.touch()
    message = refusal("downtime_end")
    assert f"{schedule} has problems, so no period of it can be ended" in message
    assert f"{schedule}:4: start is 'soon'" in message
    assert message.splitlines()[-1].startswith("The state of the site is unknown: the schedule has problems, ")
    assert schedule.read_text() == text
    assert not flag.exists()


def test_end_refuses_what_it_can_not_edit_safely(schedule: Path) -> None:
    text = "periods:\n  - {name: a, start: &s 2020-01-01, end: &e 2999-01-01}\n  - {name: b, start: *s, end: *e}\n"
    schedule.write_text(text)
    message = refusal("downtime_end")
    assert message.startswith(f"{schedule} was not changed: ")
    assert schedule.read_text() == text


def test_end_says_why_a_flag_can_not_be_lowered(flag: Path) -> None:
    flag.mkdir()
    (flag / "something").touch()
    message = refusal("downtime_end")
    assert message.startswith(f"{flag} can't be written: ")
    assert "remove it by hand" in message


def test_end_says_why_a_schedule_can_not_be_written(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.write_text(UPGRADE)
    schedule.with_name(".downtime.yml.lock").mkdir()
    message = refusal("downtime_end")
    assert message.startswith(f"{schedule.with_name('.downtime.yml.lock')} can't be written: ")
    assert schedule.read_text() == UPGRADE


def test_end_says_that_a_schedule_is_gone_by_now(schedule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule.write_text(UPGRADE)
    opened = os.open

    def overtaken(path: str, *args: int, **folder: int) -> int:
        if path.endswith(".lock"):
            schedule.unlink()
        return opened(path, *args, **folder)

    monkeypatch.setattr(os, "open", overtaken)
    assert refusal("downtime_end").startswith(f"{schedule} can't be read: ")


def test_end_tells_of_a_damaged_schedule_only_when_every_process_has_seen_that_the_flag_went(
    flag: Path, schedule: Path
) -> None:
    flag.touch()
    schedule.write_text("periods: [{start: 2020-01-01, finish: x}]")
    with pytest.raises(CommandError, match=f"{schedule}:1: 'finish' is not a key of a period"):
        run("downtime_end")
    assert not flag.exists()


def test_end_does_not_call_a_site_up_of_which_a_flag_can_not_be_looked_at(
    settings: pytest_django.Settings, flag: Path, tmp_path: Path
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    settings.DOWNTIME_FLAG_FILE = [flag, loop / "flag"]
    flag.touch()
    with pytest.raises(CommandError, match=r"state of the site is unknown: a flag can't .*\n.*loop/flag can't be"):
        run("downtime_end")


def test_end_puts_the_neutral_page_back_and_says_so(flag: Path, page: Path, twin: Path, moves: list[str]) -> None:
    """Or the next flag, raised by `touch`, would show yesterday's message."""
    run("downtime_start", "--message", "Yesterday's.", "--for", "2h", "--no-wait")
    assert "Yesterday" in page.read_text()
    assert run("downtime_end") == (
        f"Lowered the flag {flag}.\nWrote the neutral page to {page} and {twin}.\nThe site is up.\n"
    )
    assert (page.read_bytes(), twin.read_bytes()) == prerender(*NEUTRAL)[:2]


@pytest.mark.parametrize("is_named", [True, False], ids=["a flag that is not raised", "no flag in the settings"])
def test_end_puts_the_neutral_page_back_also_if_it_has_nothing_to_end(
    settings: pytest_django.Settings, page: Path, twin: Path, is_named: bool
) -> None:
    if not is_named:
        settings.DOWNTIME_FLAG_FILE = []
    page.write_text("yesterday's")
    twin.write_text("yesterday's")
    assert run("downtime_end") == (
        f"Wrote the neutral page to {page} and {twin}.\nThe site was not down; there was nothing to end.\n"
    )
    assert (page.read_bytes(), twin.read_bytes()) == prerender(*NEUTRAL)[:2]


def test_end_puts_the_neutral_page_back_also_if_the_schedule_can_not_be_edited(
    flag: Path, schedule: Path, page: Path
) -> None:
    run("downtime_start", "--message", "Yesterday's.", "--no-wait")
    schedule.write_text("periods: [{start: soon}]")
    refusal("downtime_end", "--no-wait")
    assert page.read_bytes() == prerender(*NEUTRAL).page


def test_end_leaves_the_page_of_a_flag_that_it_can_not_lower(flag: Path, page: Path) -> None:
    flag.mkdir()
    (flag / "file").touch()
    page.write_text("today's")
    assert "remove it by hand" in refusal("downtime_end", "--no-wait")
    assert page.read_text() == "today's"


def test_a_dry_run_tells_what_would_be_ended_and_changes_nothing(
    schedule: Path, flag: Path, page: Path, slept: list[float]
) -> None:
    flag.touch()
    schedule.write_text(UPGRADE + "  - start: 2999-01-01\n")
    lines = run("downtime_end", "--dry-run").splitlines()
    added = lines.pop(5)
    assert re.fullmatch(r"  \+    end: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", added)
    assert lines == [
        f"Would lower the flag {flag}.",
        f"Would write the neutral page to {page} and {page.with_suffix('.json')}.",
        f"Would change {schedule}:",
        "  @@ -2,2 +2,3 @@",
        "     - start: 2020-01-01 # at night",
        "       name: upgrade",
        f"Would end upgrade in {schedule}.",
        "Then the site would be up.",
        "Nothing was changed.",
    ]
    assert flag.exists()
    assert not page.exists()
    assert schedule.read_text() == UPGRADE + "  - start: 2999-01-01\n"
    assert not schedule.with_name(".downtime.yml.lock").exists()
    assert slept == []


def test_a_dry_run_of_a_site_that_is_up_has_nothing_to_end(settings: pytest_django.Settings, flag: Path) -> None:
    expected = "The site was not down; there was nothing to end.\nNothing was changed.\n"
    assert run("downtime_end", "--dry-run") == expected
    settings.DOWNTIME_FLAG_FILE = []
    assert run("downtime_end", "--dry-run") == expected


def test_a_dry_run_ends_with_one_if_the_site_would_not_be_up(
    settings: pytest_django.Settings, schedule: Path, flag: Path, tmp_path: Path
) -> None:
    settings.DOWNTIME_FLAG_FILE = [flag, tmp_path / "other"]
    flag.touch()
    (tmp_path / "other").touch()
    schedule.write_text(UPGRADE)
    first, state = refusal("downtime_end", "--dry-run").splitlines()
    assert first == "nothing was changed; this would then be the state:"
    assert state.startswith("The site is still down, since ")
    assert state.endswith(f", because of flag {tmp_path / 'other'}.")
    assert flag.exists()
    assert refusal("downtime_end") == state


def test_a_dry_run_says_why_a_schedule_can_not_be_edited_and_what_lowering_the_flag_would_do(
    schedule: Path, flag: Path
) -> None:
    schedule.write_text("periods: [{start: soon}]")
    flag.touch()
    first, problem, then, state = refusal("downtime_end", "--dry-run").splitlines()
    assert flag.exists()
    assert then == "nothing was changed; this would then be the state:"
    assert [first, problem, state] == refusal("downtime_end").splitlines()
    full = flag / "file"
    flag.mkdir()
    full.touch()
    assert refusal("downtime_end", "--dry-run") == refusal("downtime_end")
