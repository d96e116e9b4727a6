from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downtime.edits.end import Ended, end_active
from downtime.edits.schedule_text import CannotEdit, open_text
from downtime.files.parser import parse
from downtime.schedule.periods import NEVER
from tests.support.examples import examples
from tests.support.schedules import after, before
from tests.support.texts import BERLIN

# In Berlin 03:04:05.6 on 2026-12-01.
NOW = datetime(2026, 12, 1, 2, 4, 5, 600_000, timezone.utc)


def ended(text: str, zone: ZoneInfo = BERLIN, now: datetime = NOW) -> Ended:
    return end_active(open_text(text, zone), now)


# The text between « and → is there before the edit, and the text between → and » after it.
EDITS = {
    "open-ended": """\
periods:
  - start: 2026-12-01 02:00
«→    end: 2026-12-01 03:04:05
»  - start: 2027-01-01
""",
    "open-ended, with more keys": """\
periods:
  - name: upgrade
    start: 2026-12-01 02:00
«→    end: 2026-12-01 03:04:05
»    message: |
      We are moving.

      end: tomorrow
    paths:
      - /a
""",
    "a later end": """\
periods:
  - start: 2026-12-01 02:00
    end: «2026-12-01 04:00→2026-12-01 03:04:05»
""",
    "an end before its start": """\
periods:
  - end: «2026-12-01 04:00→2026-12-01 03:04:05»
    name: upgrade
    start: 2026-12-01 02:00
""",
    "a duration": """\
periods:
  - start: 2026-12-01 02:00
    «duration: 2h→end: 2026-12-01 03:04:05»  # two hours
""",
    "cron": """\
periods:
  - name: nightly
    cron: "0 3 * * *"
«→    start: 2026-12-01 03:04:06
»    duration: 45m
""",
    "cron with bounds": """\
periods:
  - cron: 0 3 * * *
    duration: 45m
    start: «2026-01-01→2026-12-01 03:04:06»
    end: 2027-01-01
""",
    "cron in flow style": "periods: [{cron: '0 3 * * *'«→, start: '2026-12-01 03:04:06'», duration: 45m}]\n",
    "flow style": "periods: [{start: 2026-12-01, end: «2027-01-01→2026-12-01 03:04:05», name: a}, {start: 2028-01-01}]",
    "flow style, open-ended": "periods: [{start: 2026-12-01«→, end: '2026-12-01 03:04:05'»}, {start: 2027-01-01}]",
    "flow style, a duration": "periods: [{«duration: 9h→end: 2026-12-01 03:04:05», start: 2026-12-01}]",
    "flow style over lines": """\
periods: [
  {
    start: 2026-12-01 02:00«→, end: '2026-12-01 03:04:05'»,  # down
    message: a
  },
]
""",
    "JSON": """\
{"periods": [{"start": "2026-12-01 02:00", "end": "«2026-12-01 04:00→2026-12-01 03:04:05»", "paths": ["/a"]}]}
""",
    "JSON, open-ended": '{"periods":[{"start":"2026-12-01"«→, "end": "2026-12-01 03:04:05"»,"read_only":true}]}',
    "JSON, a duration": '{"periods":[{"start":"2026-12-01",«"duration":"9d"→"end": "2026-12-01 03:04:05"»}]}',
    "JSON, cron": '{"periods":[{"cron":"0 3 * * *"«→, "start": "2026-12-01 03:04:06"»,"duration":"1h"}]}',
    "CRLF": "periods:\r\n  - start: 2026-12-01\r\n«→    end: 2026-12-01 03:04:05\r\n»    message: a\r\n",
    "CRLF, a later end": "periods:\r\n  - start: 2026-12-01\r\n    end: «2027-01-01→2026-12-01 03:04:05»\r\n",
    "CRLF, no final line break": "periods:\r\n  - start: 2026-12-01«→\r\n    end: 2026-12-01 03:04:05»",
    "no final line break": "periods:\n  - start: 2026-12-01«→\n    end: 2026-12-01 03:04:05»",
    "no line break at all": "periods: [{start: 2026-12-01«→, end: '2026-12-01 03:04:05'»}]",
    "a comment and no final line break": "periods:\n- start: 2026-12-01  # now«→\n  end: 2026-12-01 03:04:05»",
    "comments everywhere": """\
# one
periods:  # two
  # three
  - # four
    # five
    start: 2026-12-01  # six: end
«→    end: 2026-12-01 03:04:05
»    # seven
    name: a  # eight

    # nine
  - start: 2027-01-01  # ten
# eleven
""",
    "single quotes": """\
periods:
  - start: '2026-12-01'
    end: '«2027-01-01→2026-12-01 03:04:05»'
""",
    "a quoted key": """\
periods:
  - "start": 2026-12-01
    'end': «2027-01-01→2026-12-01 03:04:05»
""",
    "a quoted duration": """\
periods:
  - start: 2026-12-01
    «"duration": '9d'→"end": '2026-12-01 03:04:05'»
""",
    "spaces": """\
periods:
  -   start:    2026-12-01
      end   :   «2027-01-01→2026-12-01 03:04:05»   # end
""",
    "deep indentation": """\
periods:
                -     start: 2026-12-01
«→                      end: 2026-12-01 03:04:05
»                      name: a
""",
    "no indentation": """\
periods:
- name: a
  start: 2026-12-01
«→  end: 2026-12-01 03:04:05
»- name: b
  start: 2027-01-01
""",
    "the value on a line of its own": """\
periods:
  - start:
      2026-12-01
«→    end: 2026-12-01 03:04:05
»    name: a
""",
    "characters of many bytes": """\
# größer 🚧 größer
periods:
  - message: "🚧 → 日本語"
    start: 2026-12-01  # 👩‍💻
«→    end: 2026-12-01 03:04:05
»    name: größer
""",
    "T": "periods:\n- start: 2026-12-01T02:00\n  end: «2026-12-01T04:00→2026-12-01T03:04:05»\n",
    "T of the start": "periods:\n- start: 2026-12-01T02:00\n«→  end: 2026-12-01T03:04:05\n»",
    "Z": "periods:\n- start: 2026-12-01\n  end: «2026-12-01T04:00Z→2026-12-01T03:04:05+01:00»\n",
    "an offset": "periods:\n- start: 2026-12-01\n  end: «2026-12-01 04:00-05:00→2026-12-01 03:04:05+01:00»\n",
    "an offset of the start": "periods:\n- start: 2026-12-01 02:00 +0100\n«→  end: 2026-12-01 03:04:05+01:00\n»",
    "the zone of the file": """\
timezone: America/New_York
periods:
  - start: 2026-11-30
    end: «2026-12-01→2026-11-30 21:04:05»
""",
    "the zone of the period": """\
timezone: America/New_York
periods:
  - start: 2026-11-30
«→    end: 2026-12-01 07:34:05
»    timezone: Asia/Kolkata
""",
    "a document with marks": """\
%YAML 1.1
---
periods:
  - start: 2026-12-01
«→    end: 2026-12-01 03:04:05
»...
""",
    "two at once": """\
periods:
  - start: 2026-12-01
    end: «2026-12-02→2026-12-01 03:04:05»
  - start: 2027-01-01
  - cron: '* * * * *'
«→    start: 2026-12-01 03:04:06
»    duration: 1m
  - start: 2026-11-01
    «duration: 90d→end: 2026-12-01 03:04:05»
""",
    "only for a part of the site": """\
periods:
  - start: 2026-12-01
«→    end: 2026-12-01 03:04:05
»    read_only: true
    paths: [/a]
""",
    "not enabled, over, and to come": """\
periods:
  - {start: 2026-12-01, enabled: false}
  - {start: 2026-12-01, end: 2026-12-01 03:00}
  - {start: 2026-12-01, end: «2026-12-02→2026-12-01 03:04:05»}
  - {start: 2026-12-01 03:05}
  - {cron: 5 3 * * *, duration: 1h}
""",
    "younger than a second": """\
periods:
  - start: 2026-12-01 03:04:05
«→    end: 2026-12-01 03:04:06
»""",
    "a mapping that stands there twice": """\
periods:
  - &a {start: 2026-12-01, end: «2026-12-02→2026-12-01 03:04:05»}
  - *a
""",
    "an alias elsewhere": """\
periods:
  - start: &now 2026-12-01
«→    end: 2026-12-01 03:04:05
»    paths: &p [/a]
  - start: 2027-01-01
    paths: *p
""",
}


@pytest.mark.parametrize("marked", EDITS.values(), ids=EDITS)
def test_the_text_differs_in_the_edited_place_only_and_means_what_was_asked(marked: str) -> None:
    source = before(marked)
    edited = ended(source)
    assert edited.text == after(marked)

    old, new = parse(source, BERLIN).schedule, parse(edited.text, BERLIN)
    second = NOW.replace(microsecond=0)
    expected = list(old.periods)
    for window in old.at(NOW).active:
        period = window.period
        expected[window.rank] = (
            replace(period, start=second + timedelta(seconds=1))
            if period.recurrence
            else replace(period, end=max(second, period.start + timedelta(seconds=1)))
        )
    assert edited.windows == old.at(NOW).active != ()
    assert new.problems == ()
    assert list(new.schedule.periods) == expected
    assert not new.schedule.at(NOW + timedelta(seconds=0.4)).active


@pytest.mark.parametrize(
    ("zone", "now", "marked"),
    [
        ("Europe/Berlin", "2026-10-25 00:30", "{start: 2026-10-25«→, end: '2026-10-25 02:30:00+02:00'»}"),
        ("Europe/Berlin", "2026-10-25 01:30", "{start: 2026-10-25«→, end: '2026-10-25 02:30:00'»}"),
        ("Europe/Berlin", "2026-10-25 01:30", "{start: 2026-10-25, end: «2027-01-01→2026-10-25 02:30:00»}"),
        ("Europe/Berlin", "2026-03-29 01:00", "{start: 2026-03-29«→, end: '2026-03-29 03:00:00'»}"),
        ("America/New_York", "2026-11-01 05:30", "{start: 2026-11-01«→, end: '2026-11-01 01:30:00-04:00'»}"),
        ("Australia/Lord_Howe", "2026-04-04 14:45", "{start: 2026-04-04«→, end: '2026-04-05 01:45:00+11:00'»}"),
        ("Australia/Lord_Howe", "2026-04-04 15:15", "{start: 2026-04-04«→, end: '2026-04-05 01:45:00'»}"),
        (
            "Europe/Berlin",
            "2026-10-25 00:30",
            "{cron: '0 * * * *'«→, start: '2026-10-25 02:30:01'», duration: 50m}",
        ),
        (
            "Europe/Berlin",
            "2026-10-25 01:30",
            "{cron: '0 * * * *'«→, start: '2026-10-25 02:30:01+01:00'», duration: 50m}",
        ),
        (
            "Europe/Berlin",
            "2026-10-25 01:30",
            "{cron: '0 * * * *', start: «2026-01-01→2026-10-25 02:30:01+01:00», duration: 50m}",
        ),
    ],
)
def test_at_a_clock_change_a_time_that_two_instants_share_gets_its_offset_where_it_needs_one(
    zone: str, now: str, marked: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=timezone.utc)
    edited = ended(f"periods: [{before(marked)}]", ZoneInfo(zone), moment)
    assert edited.text == f"periods: [{after(marked)}]"
    assert not parse(edited.text, ZoneInfo(zone)).schedule.at(moment).active


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# nothing",
        "periods: []\n",
        "periods: [{start: 2027-01-01}]\n",
        "periods: [{start: 2026-12-01, enabled: false}]",
        "periods: [{start: 2026-11-01, end: 2026-12-01 03:04:05}]\r\n",
        "periods: [{cron: 0 4 * * *, duration: 1h}]\r\n",
    ],
)
def test_with_nothing_to_end_the_text_stays(source: str) -> None:
    edited = ended(source)
    assert (edited.text, edited.windows) == (source, ())


def test_a_second_time_there_is_nothing_to_end() -> None:
    for marked in EDITS.values():
        again = ended(after(marked), now=NOW + timedelta(seconds=1))
        assert (again.text, again.windows) == (after(marked), ())


ALIASES = {
    "end": "periods:\n  - {start: 2026-12-20, end: &e 2026-12-24}\n  - start: 2026-12-01\n    end: *e\n",
    "duration": "periods:\n  - {start: 2026-01-01, duration: &d 2d}\n  - start: 2026-12-01\n    duration: *d\n",
    "start": "periods:\n  - {start: &s 2026-12-01, enabled: false}\n  - message: a\n    start: *s\n",
    "cron": "periods:\n  - {message: &c 0 3 * * *, start: 2027-01-01}\n  - cron: *c\n    duration: 1h\n",
}


@pytest.mark.parametrize("source", ALIASES.values(), ids=ALIASES)
def test_a_value_behind_an_alias_is_not_edited(source: str) -> None:
    with pytest.raises(CannotEdit) as caught:
        ended(source)
    line = source[: source.rindex(": *")].count("\n") + 1
    assert str(caught.value) == f"line {line} takes its value from an alias; change it by hand"
    assert caught.value.problems == ()


UNSAFE = {
    "an end that others refer to": "periods: [{start: 2026-12-01, end: &e 2026-12-24}, {start: 2026-12-20, end: *e}]",
    "an end as a block": "periods:\n  - start: 2026-12-01\n    end: |-\n      2026-12-24\n    name: a\n",
    "an explicit key": "periods:\n  - ? start\n    : 2026-12-01\n    ? duration\n    : 9d\n",
    "line breaks of old": "periods:\r- start: 2026-12-01\r- start: 2027-01-01\r",
    "the bound of a cron period": "periods:\n- {cron: 0 3 * * *, duration: 1h, end: 2026-12-01 03:04:06}\n",
    "a start in use": "periods: [{cron: 0 3 * * *, duration: 9m, start: &s 2026-01-01}, {start: *s, end: 2026-02-01}]",
}


@pytest.mark.parametrize("source", UNSAFE.values(), ids=UNSAFE)
def test_where_the_result_would_mean_something_else_it_refuses(source: str) -> None:
    with pytest.raises(CannotEdit, match="it can't be edited safely here"):
        ended(source)


def test_what_has_problems_already_is_not_edited_and_the_problems_are_told() -> None:
    with pytest.raises(CannotEdit, match="it already has problems; correct them first") as caught:
        ended("periods:\n  - start: 2026-12-01\n  - start: soon\n")
    assert [problem.line for problem in caught.value.problems] == [3]


STARTS = ["2026-12-01", "2026-12-01 03:00", "2026-12-01T03:04:05", "'2026-12-01 02:00Z'", "2026-12-22", "2026-11-30"]
ENDS = [
    "",
    "end: 2026-12-24 04:00",
    "end: 2026-12-24T00:00+05:30",
    "duration: 9h",
    "duration: 90d",
    'end: "2027-06-01"',
]
OTHERS = ["", "name: n{}", "message: 'a: b, c'", "paths: [/a]", "timezone: Asia/Kolkata", "read_only: true"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A schedule in any style, of periods that may be active."""
    line_break = draw(st.sampled_from(["\n", "\r\n"]))
    lines = ["# top", "periods:"]
    for number in range(draw(st.integers(1, 4))):
        pairs = draw(
            st.permutations(
                [
                    f"start: {draw(st.sampled_from(STARTS))}",
                    draw(st.sampled_from(ENDS)),
                    draw(st.sampled_from(OTHERS)).format(number),
                ]
            )
        )
        present = [pair for pair in pairs if pair]
        if draw(st.booleans()):
            lines.append(f"- {{{', '.join(present)}}}")
            continue
        indent = " " * draw(st.integers(1, 5))
        comment = draw(st.sampled_from(["", "  # end: x", "  "]))
        lines += [f"{'-' if not index else ' '}{indent}{pair}{comment}" for index, pair in enumerate(present)]
    return line_break.join(lines) + draw(st.sampled_from(["", line_break, f"{line_break}# end", line_break * 2]))


@examples(300)
@given(documents())
def test_after_it_the_active_periods_are_over_and_all_else_is_as_it_was(source: str) -> None:
    old = parse(source, BERLIN)
    assert not old.problems
    edited = ended(source)
    new = parse(edited.text, BERLIN)
    assert not new.problems
    assert not new.schedule.at(NOW + timedelta(seconds=0.4)).active
    ranks = {window.rank for window in edited.windows}
    for rank, (one, other) in enumerate(zip(old.schedule.periods, new.schedule.periods, strict=True)):
        assert (one == other) is (rank not in ranks)
        assert replace(one, end=NEVER) == replace(other, end=NEVER)
    kept = [line for line in source.splitlines() if line.strip().startswith("#")]
    assert [line for line in edited.text.splitlines() if line.strip().startswith("#")] == kept
    assert ("\r\n" in source) is ("\r\n" in edited.text)
    assert edited.text.count("\n") == edited.text.count("\r\n") or "\r\n" not in source
