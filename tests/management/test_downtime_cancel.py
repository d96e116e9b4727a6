"""downtime_cancel, on real files."""

from pathlib import Path

import pytest

from downtime import live
from downtime.files.disk import fingerprint
from tests.support.commands import NAMED, NEW, periods, refusal, run
from tests.support.schedules import after, before

pytestmark = pytest.mark.usefixtures("recheck_of_a_second")


@pytest.mark.parametrize("text", ["no", "~", "12", "a: b", "# x", "ü 🚧", "[a]", "it's", '"', "a\\b", "- a", "x" * 100])
def test_a_period_can_have_any_name_and_be_cancelled_by_it(schedule: Path, text: str) -> None:
    for style in ("", "periods: []\n", '{"periods": []}'):
        schedule.write_text(style)
        run("downtime_schedule", text, *NEW[1:])
        assert periods(schedule)[0].name == text
        run("downtime_cancel", text)
        assert schedule.read_text() == style


CANCELLED = {
    "its own comments, and not those of its neighbours": """\
# one
periods:  # two
  # three
  - name: a
    start: 2027-01-01  # four
    # five
«  # six
  - name: it  # seven
    # eight

    start: 2027-01-01
    # nine

      # ten
→»  # eleven
  - name: c
    start: 2027-01-01
# twelve
""",
    "the first": """\
periods:
«  # three
  - name: it
    start: 2027-01-01
→»  # six
  - name: b
    start: 2027-01-01
""",
    "the last": """\
periods:
  - name: a
    start: 2027-01-01
    # of a
«  # of it
  - name: it
    start: 2027-01-01
→»# end
timezone: UTC
""",
    "the only": """\
periods:  # none
«  # of it
  - name: it
    start: 2027-01-01
    # of it too
→»  # another

# end
""",
    "a comment that a blank line sets off": """\
periods:
  # of the list

«  - name: it
    start: 2027-01-01
→»""",
    "one between blank lines": """\
periods:
  - name: a
    start: 2027-01-01
«
  # of it
  - name: it
    start: 2027-01-01
→»
  - name: c
    start: 2027-01-01
""",
    "the first of several between blank lines": """\
periods:

«  - name: it
    start: 2027-01-01

→»  - name: c
    start: 2027-01-01
""",
    "the first of a group": """\
periods:
  - name: a
    start: 2027-01-01

«  - name: it
    start: 2027-01-01
→»  - name: c
    start: 2027-01-01
""",
    "one below a text that looks like a comment": """\
periods:
  - start: 2027-01-01
    message: "a
  # b"
«  - name: it
    start: 2027-01-01
→»""",
    "a literal block": """\
periods:
  - name: a
    start: 2027-01-01
    message: |
      # no comment
«  - name: it
    start: 2027-01-01
    message: |
      # no comment

      # either
→»  - name: c
    start: 2027-01-01
""",
    "the first in flow style": "periods: [«{name: it, start: 2027-01-01}, →»{name: b, start: 2027-01-01}]  # one\n",
    "in the middle in flow style": (
        "periods: [{name: a, start: 2027-01-01}«, {name: it, start: 2027-01-01}→», {start: 2027-01-01}]"
    ),
    "lines in flow style": """\
periods: [
  # one
  {name: a, start: 2027-01-01},  # two
«  # three
  {name: it, start: 2027-01-01},  # four
→»  # five
  {name: c, start: 2027-01-01}  # six
]
""",
    "the first line in flow style": """\
periods: [
«  # one
  {name: it, start: 2027-01-01},
→»  # two
  {name: b, start: 2027-01-01},
]
""",
    "the last line in flow style": """\
periods: [
  {name: a, start: 2027-01-01}«,→»  # one
«  {name: it, start: 2027-01-01}  # two
→»  # three
]
""",
    "one that shares its line in flow style": """\
periods: [{name: a, start: 2027-01-01}«,→»  # one
  «{name: it, start: 2027-01-01}→»]
""",
    "one before a comment in flow style": """\
periods: [«{name: it, start: 2027-01-01},→»  # one
  {name: b, start: 2027-01-01}]
""",
    "the only one in flow style": "periods: [ «{name: it, start: 2027-01-01},→» ]\n",
    "mappings over lines": """\
periods: [
  {
    name: a,
    start: 2027-01-01
  }«,
  {
    name: it,  # one
    start: 2027-01-01
  }→»
]
""",
    "JSON": '{"periods":[«{"name":"it","start":"2027-01-01"},→»{"name":"b","start":"2027-01-01"}]}',
}


@pytest.mark.parametrize("line_break", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("marked", CANCELLED.values(), ids=CANCELLED)
def test_a_cancelled_period_goes_with_its_own_comments_and_all_else_stays(
    schedule: Path, marked: str, line_break: str
) -> None:
    marked = marked.replace("\n", line_break)
    schedule.write_bytes(before(marked).encode())
    old = periods(schedule)
    assert run("downtime_cancel", "it").splitlines()[0] == f"Cancelled it in {schedule}."
    assert schedule.read_bytes() == after(marked).encode()
    assert periods(schedule) == tuple(period for period in old if period.name != "it")


NOT_CANCELLED = {
    "no such name": (NAMED, "it has no period named 'it'; its periods are 'one'"),
    "nearly": (NAMED.replace("one", "its"), "it has no period named 'it'; did you mean 'its'?"),
    "no name": ("periods: [{start: 2027-01-01}]", "it has no period named 'it'; none of its periods has a name"),
    "empty": ("", "it has no period named 'it'; it has none at all"),
    "many": (
        "periods:\n" + "".join(f"- {{name: n{number}, start: 2027-01-01}}\n" for number in range(15)),
        "its periods are 'n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9', and 5 more",
    ),
    "an anchor that others use": (
        "periods:\n- {name: it, start: &s 2027-01-01}\n- {start: *s}\n",
        "it can't be edited safely here, as the result would not mean what was asked; change it by hand",
    ),
    "behind something else": (
        "? periods\n: - name: it\n    start: 2027-01-01\n",
        "the period begins after something else on its line; take it out by hand",
    ),
    "problems": ("periods:\n- {name: it, start: soon}\n", "it already has problems; correct them first\n"),
}


@pytest.mark.parametrize(("source", "reason"), NOT_CANCELLED.values(), ids=NOT_CANCELLED)
def test_where_a_period_cannot_be_cancelled_the_command_says_why_and_changes_nothing(
    schedule: Path, source: str, reason: str
) -> None:
    schedule.write_text(source)
    before = fingerprint(str(schedule))
    told = refusal("downtime_cancel", "it")
    assert told.startswith(f"{schedule} was not changed: ")
    assert reason in told
    assert fingerprint(str(schedule)) == before


def test_a_missing_file_has_nothing_to_cancel(schedule: Path) -> None:
    assert refusal("downtime_cancel", "one") == f"{schedule} can't be read: No such file or directory"
    assert not schedule.exists()


def test_cancelling_an_active_period_says_that_the_site_is_up_or_why_not(
    schedule: Path, flag: Path, slept: list[float]
) -> None:
    schedule.write_text("periods:\n" + "".join(f"- {{name: {name}, start: 2020-01-01}}\n" for name in "abc"))
    still_down = "The site is still down, since 2020-01-01 00:00:00 CET, without a known end, because of"
    assert run("downtime_cancel", "a").splitlines()[1:] == [f"{still_down} b, c."]
    flag.touch()
    assert run("downtime_cancel", "b").splitlines()[1:] == [
        f"{still_down} flag {flag}, c.",
    ]
    flag.unlink()
    assert slept == [2.05] * 2
    assert run("downtime_cancel", "c", "--no-wait").splitlines()[1:] == ["The site is up."]
    assert slept == [2.05] * 2
    assert not live.answer().active


def test_a_dry_run_shows_the_lines_that_would_go_and_changes_nothing(schedule: Path, slept: list[float]) -> None:
    schedule.write_text(NAMED)
    assert run("downtime_cancel", "one", "--dry-run").splitlines() == [
        f"Would change {schedule}:",
        "  @@ -1,4 +1 @@",
        "   periods:",
        "  -  - name: one",
        "  -    start: 2020-01-01",
        "  -    end: 2020-01-02",
        "Nothing was changed.",
    ]
    assert schedule.read_text() == NAMED
    assert not schedule.with_name(".downtime.yml.lock").exists()
    assert refusal("downtime_cancel", "ones", "--dry-run") == refusal("downtime_cancel", "ones")


def test_a_dry_run_of_an_active_period_tells_the_state_that_would_follow(
    schedule: Path, flag: Path, slept: list[float]
) -> None:
    schedule.write_text("periods:\n- {name: a, start: 2020-01-01}\n")
    assert run("downtime_cancel", "a", "--dry-run").splitlines()[-3:] == [
        "This would then be the state:",
        "The site is up.",
        "Nothing was changed.",
    ]
    flag.touch()
    assert run("downtime_cancel", "a", "--dry-run").splitlines()[-2].endswith(f", because of flag {flag}.")
    assert slept == []


def test_cancel_warns_of_what_is_planned_for_the_same_time(schedule: Path) -> None:
    schedule.write_text(
        "periods:\n- {name: a, start: 2099-01-01, duration: 2h}\n- {name: b, start: 2099-01-01, duration: 1h}\n"
        "- {name: c, start: 2099-01-02, duration: 1h}\n"
    )
    warning = "b (from 2099-01-01 00:00:00 CET to 2099-01-01 01:00:00 CET) overlaps with a, and stays in the schedule."
    assert warning in run("downtime_cancel", "a", "--dry-run").splitlines()
    assert run("downtime_cancel", "a").splitlines() == [f"Cancelled a in {schedule}.", warning]
