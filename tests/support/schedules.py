"""Schedules in every style that people write, marked with the edit that scheduling another period has to make.

The text between « and → is there before the edit, and the text between → and » after it.
"""

import re

from hypothesis import strategies as st

FIRST_LINE = (
    "# yaml-language-server: "
    "$schema=https://raw.githubusercontent.com/dstegelman/django-downtime/main/downtime/schedule.schema.json"
)
NEW = {"name": "new", "start": "2027-05-01 02:00", "duration": "2h"}


def before(marked: str) -> str:
    """The text without the edit."""
    return re.sub(r"«(.*?)→(.*?)»", r"\1", marked, flags=re.DOTALL)


def after(marked: str) -> str:
    """The text with the edit."""
    return re.sub(r"«(.*?)→(.*?)»", r"\2", marked, flags=re.DOTALL)


def comments(text: str) -> list[str]:
    """The comments of a text of `schedules`, in order."""
    return re.findall(r"# (?:top|list|end|of n\d)\b", text)


SCHEDULES = {
    "empty": f"""\
«→{FIRST_LINE}
# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "the first line of a file that a command makes": f"""\
{FIRST_LINE}
«→
# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "that line without a line break": (
        f"{FIRST_LINE}«→\n\n# Downtimes of this site; manage.py downtime_check shows what is wrong here.\n"
        "periods:\n  - name: new\n    start: 2027-05-01 02:00\n    duration: 2h»"
    ),
    "that line and blank ones": (
        f"\r\n{FIRST_LINE}\r\n \r\n«→\r\n"
        "# Downtimes of this site; manage.py downtime_check shows what is wrong here.\r\n"
        "periods:\r\n  - name: new\r\n    start: 2027-05-01 02:00\r\n    duration: 2h\r\n»"
    ),
    "a line break": """\

«→# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "only comments": """\
# one

   # two
«→# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "only a comment, no final line break": """\
# one«→
# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h»""",
    "only document marks": """\
---
# one
«→# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»...
# two
""",
    "only a time zone": """\
timezone: Europe/Berlin  # one
«→# Downtimes of this site; manage.py downtime_check shows what is wrong here.
periods:
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»
# two
""",
    "only a time zone, indented": """\
  timezone: Europe/Berlin
     # one
«→  # Downtimes of this site; manage.py downtime_check shows what is wrong here.
  periods:
    - name: new
      start: 2027-05-01 02:00
      duration: 2h
»  # two
""",
    "periods with nothing": """\
periods:
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "periods with nothing, no final line break": """\
periods:«→
  - name: new
    start: 2027-05-01 02:00
    duration: 2h»""",
    "periods with nothing but comments": """\
periods:  # one
    # two
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»  # three

# four
timezone: Europe/Berlin
""",
    "an empty list": "periods: [«→{name: new, start: '2027-05-01 02:00', duration: 2h}»]\n",
    "an empty list, no final line break": "periods: [«→{name: new, start: '2027-05-01 02:00', duration: 2h}»]",
    "an empty list over lines": "periods: [«→{name: new, start: '2027-05-01 02:00', duration: 2h}»\n  # none\n]\n",
    "one period": """\
periods:
  - start: 2026-12-01
    name: one
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "no final line break": """\
periods:
  - start: 2026-12-01«→
  - name: new
    start: 2027-05-01 02:00
    duration: 2h»""",
    "spaces behind the last line break": """\
periods:
  - start: 2026-12-01
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»   """,
    "a comment and no final line break": """\
periods:
- start: 2026-12-01  # now«→
- name: new
  start: 2027-05-01 02:00
  duration: 2h»""",
    "no indentation": """\
periods:
- name: a
  start: 2026-12-01
- name: b
  start: 2027-01-01
«→- name: new
  start: 2027-05-01 02:00
  duration: 2h
»# end
timezone: Europe/Berlin
""",
    "keys after the periods": """\
periods:
  - start: 2026-12-01
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»
# where we are
timezone: Europe/Berlin
""",
    "comments everywhere": """\
# one
periods:  # two
  # three
  - # four
    # five
    start: 2026-12-01  # six
    # seven
    name: a  # eight

    # nine
  # ten
  - start: 2027-01-01  # eleven
      # twelve

    # thirteen
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»
  # fourteen
# fifteen
""",
    "blank lines between the periods": """\
periods:

  # one
  - name: a
    start: 2026-12-01

  - name: b
    start: 2027-01-01

  # three
  - name: c
    start: 2027-02-01
«→
  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»

# the end
""",
    "blank lines between some periods": """\
periods:
  - start: 2026-12-01
  - start: 2027-01-01

  - start: 2027-02-01
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "blank lines and no final line break": """\
periods:
  - start: 2026-12-01

  - start: 2027-01-01«→

  - name: new
    start: 2027-05-01 02:00
    duration: 2h»""",
    "CRLF": (
        "# one\r\nperiods:\r\n  - start: 2026-12-01\r\n    message: a\r\n"
        "«→  - name: new\r\n    start: 2027-05-01 02:00\r\n    duration: 2h\r\n»# two\r\n"
    ),
    "CRLF, no final line break": (
        "periods:\r\n  - start: 2026-12-01«→\r\n  - name: new\r\n    start: 2027-05-01 02:00\r\n    duration: 2h»"
    ),
    "CRLF, only comments": (
        "# one\r\n# two\r\n«→# Downtimes of this site; manage.py downtime_check shows what is wrong here.\r\n"
        "periods:\r\n  - name: new\r\n    start: 2027-05-01 02:00\r\n    duration: 2h\r\n»"
    ),
    "CRLF, flow style over lines": (
        "periods: [\r\n  {start: 2026-12-01}«→,\r\n  {name: new, start: '2027-05-01 02:00', duration: 2h}»\r\n]\r\n"
    ),
    "a byte order mark": "\ufeffperiods:\n  - start: 2026-12-01\n«→  - name: new\n    start: 2027-05-01 02:00\n"
    "    duration: 2h\n»",
    "a byte order mark and nothing else": (
        f"\ufeff«→{FIRST_LINE}\n# Downtimes of this site; manage.py downtime_check shows what is wrong here.\n"
        "periods:\n  - name: new\n    start: 2027-05-01 02:00\n    duration: 2h\n»"
    ),
    "deep indentation": """\
periods:
                -     start: 2026-12-01
                      message: a
«→                -     name: new
                      start: 2027-05-01 02:00
                      duration: 2h
»""",
    "the dash on a line of its own": """\
periods:
  -
      start: 2026-12-01
«→  -   name: new
      start: 2027-05-01 02:00
      duration: 2h
»""",
    "document marks": """\
%YAML 1.1
---
periods:
  - start: 2026-12-01
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»...
""",
    "quoted keys": """\
"periods":
  - "start": '2026-12-01'
    'name': "a: # b"
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "a literal block": """\
periods:
  - start: 2026-12-01
    message: |
      We are moving.

      # no comment
        - start: tomorrow
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "a literal block and blank lines": """\
periods:
  - start: 2026-12-01
    message: |
      We are moving.
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»

timezone: Europe/Berlin
""",
    "a literal block that keeps its line breaks": """\
periods:
  - start: 2026-12-01
    message: |+
      We are moving.
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»


""",
    "a literal block and no final line break": """\
periods:
  - start: 2026-12-01
    message: |
      We are moving.«→
  - name: new
    start: 2027-05-01 02:00
    duration: 2h»""",
    "a folded block": """\
periods:
  - message: >-
      We are
      moving.
    start: 2026-12-01
  - start: 2027-01-01
    message: >2
        And again.

      # no comment
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»# a comment
""",
    "a text over lines": """\
periods:
  - start: 2026-12-01
    message: "one
      # two

      three"   # a comment
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "an alias at the end": """\
periods:
  - start: 2026-12-01
    paths: &p [/a]
  - start: 2027-01-01
    paths: *p  # as above
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "a period that is an alias": """\
periods: &all
  - &one {start: 2026-12-01}
  - start: 2027-01-01
  - *one
«→  - {name: new, start: '2027-05-01 02:00', duration: 2h}
»""",
    "a block that is an alias": """\
periods:
  - &one
    start: 2026-12-01
  - *one   # again
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»""",
    "a nested list without indentation": """\
periods:
- paths:
  - /a
  - /b
  start: 2026-12-01
- start: 2027-01-01
  paths:
  - /a  # one
  - /b
«→- name: new
  start: 2027-05-01 02:00
  duration: 2h
»""",
    "Unicode": """\
# größer 🚧 größer
periods:
  - message: "🚧 → 日本語"
    start: 2026-12-01  # 👩‍💻
    name: größer
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»# 🚧 Ende
""",
    "an unusual first line": """\
%YAML 1.1
# one
--- # two
periods:
  - start: 2026-12-01
«→  - name: new
    start: 2027-05-01 02:00
    duration: 2h
»# three
""",
    "periods in flow style in a list of lines": """\
periods:
  - {start: 2026-12-01, name: a}
  # one
  - {start: 2027-01-01,
     name: b}  # two
«→  - {name: new, start: '2027-05-01 02:00', duration: 2h}
»""",
    "flow style": (
        "periods: [{start: 2026-12-01}, {start: 2027-01-01}«→, {name: new, start: '2027-05-01 02:00', duration: 2h}»]"
    ),
    "flow style with a last comma": (
        "periods: [{start: 2026-12-01}«→, {name: new, start: '2027-05-01 02:00', duration: 2h}», ]  # one\n"
    ),
    "flow style over lines": """\
periods: [
  {start: 2026-12-01},
  {start: 2027-01-01}«→,
  {name: new, start: '2027-05-01 02:00', duration: 2h}»
]
""",
    "flow style over lines with a last comma": """\
periods: [
  {start: 2026-12-01},
  {start: 2027-01-01}«→,
  {name: new, start: '2027-05-01 02:00', duration: 2h}»,
]
""",
    "flow style over lines with spaces and a comma of its own": (
        "periods: [\n  {start: 2026-12-01}, \n  {start: 2027-01-01}  \n  , \n"
        "«→  {name: new, start: '2027-05-01 02:00', duration: 2h},\n»]\n"
    ),
    "flow style over lines whose ends differ": (
        "periods: [\n  {start: 2026-12-01\r\n  }«→,»\n«→  {\n   name: new,\n   start: '2027-05-01 02:00',\n"
        "   duration: 2h\n  }\n»]\r\n"
    ),
    "flow style over lines with comments": """\
periods: [  # one
  # two
  {start: 2026-12-01},  # three
  {start: 2027-01-01}«→,»  # four
«→  {name: new, start: '2027-05-01 02:00', duration: 2h}
»  # five
]
""",
    "flow style over lines with comments and a last comma": """\
periods: [
  {start: 2026-12-01},  # one
«→  {name: new, start: '2027-05-01 02:00', duration: 2h},
»  # two
]
""",
    "flow style with an anchor": (
        "periods: &p [ &a {start: 2026-12-01}, *a«→, {name: new, start: '2027-05-01 02:00', duration: 2h}» ]\n"
    ),
    "a flow list that ends on the line of its last item": """\
periods: [
  {start: 2026-12-01},
  {start: 2027-01-01}«→,
  {name: new, start: '2027-05-01 02:00', duration: 2h}»]
""",
    "flow mappings over lines": """\
periods: [
  {
    start: 2026-12-01 02:00,  # down
    message: a
  }«→,
  {
    name: new,
    start: '2027-05-01 02:00',
    duration: 2h
  }»,
]
""",
    "JSON": (
        '{"periods": [{"start": "2026-12-01"}«→, {"name": "new", "start": "2027-05-01 02:00", "duration": "2h"}»]}\n'
    ),
    "JSON over lines": """\
{
  "timezone": "Europe/Berlin",
  "periods": [
    {
      "start": "2026-12-01 02:00",
      "end": "2026-12-01 04:00"
    }«→,
    {
      "name": "new",
      "start": "2027-05-01 02:00",
      "duration": "2h"
    }»
  ]
}
""",
    "JSON without a period": (
        '{"periods":[«→{"name": "new", "start": "2027-05-01 02:00", "duration": "2h"}»],"timezone":"UTC"}'
    ),
    "1,000 periods": (
        "periods:\n"
        + "".join(f"  # {number}\n  - name: n{number}\n    start: 2026-12-01\n" for number in range(1000))
        + "«→  - name: new\n    start: 2027-05-01 02:00\n    duration: 2h\n»# end\n"
    ),
}


_STARTS = ["2026-12-01", "2026-12-01T03:04:05", "'2026-12-01 02:00Z'", '"2026-11-30"']
_OTHERS = [
    "end: 2027-12-24 04:00",
    "duration: 90d",
    "message: 'a: b, # c'",
    "paths: [/a, '/b']",
    "timezone: Asia/Kolkata",
    "read_only: true",
    "enabled: false",
]
_BLOCKS = ["message: |\n  a\n\n  # no comment\n", "message: >-\n  a\n  b", 'message: "a\n  # b"', "paths:\n- /a\n- /b"]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[str, int]:
    """A schedule in any style, and how many periods it has: n0, n1, and so on.

    A comment that belongs to a period says so: `# of n0`, say."""
    count = draw(st.integers(0, 5))
    in_lines = draw(st.booleans())
    lines = [*draw(st.sampled_from([[], ["# top"], ["---"], ["timezone: Europe/Rome", ""]]))]
    if in_lines and count:
        lines += [f"periods:{draw(st.sampled_from(['', '  # list']))}"]
        column, gap = draw(st.integers(0, 6)), draw(st.booleans())
        for number in range(count):
            lines += [""] if gap and number else []
            lines += [" " * column + line for line in draw(_item_in_lines(number))]
    elif in_lines:
        lines += draw(st.sampled_from([[], ["periods:"], ["periods:  # list"]]))
    else:
        lines += draw(_list_in_flow_style(count))
    lines += draw(st.sampled_from([[], [""], ["# end"], ["", "# end", ""]]))
    text = draw(st.sampled_from(["\n", "\r\n"])).join("\n".join(lines).split("\n"))
    return text, count


@st.composite
def _item_in_lines(draw: st.DrawFn, number: int) -> list[str]:
    pairs = [f"name: n{number}", f"start: {draw(st.sampled_from(_STARTS))}"]
    pairs += draw(st.sampled_from([[], *([other] for other in _OTHERS)]))
    above = draw(st.sampled_from([[], [f"# of n{number}"], [f"# of n{number}", f"# of n{number}"]]))
    if draw(st.booleans()):
        return [*above, f"- {{{', '.join(pairs)}}}{draw(st.sampled_from(['', f'  # of n{number}']))}"]
    if not any(pair.startswith(("message", "paths")) for pair in pairs):
        pairs += draw(st.sampled_from([[], *([block] for block in _BLOCKS)]))
    pairs = draw(st.permutations(pairs))
    offset = draw(st.integers(2, 5))
    inner = "\n".join(pairs).split("\n")
    below = draw(st.sampled_from([[], [f"# of n{number}"], ["", f"# of n{number}"]]))
    if "|" in pairs[-1] or ">" in pairs[-1]:
        below = []
    indented = [" " * offset + line if line else "" for line in [*inner, *below]]
    return [*above, "-" + indented[0][1:], *indented[1:]]


@st.composite
def _list_in_flow_style(draw: st.DrawFn, count: int) -> list[str]:
    items = [f"{{name: n{number}, start: {draw(st.sampled_from(_STARTS))}}}" for number in range(count)]
    last = draw(st.sampled_from(["", ","])) if items else ""
    if draw(st.booleans()):
        return [f"periods: [{', '.join(items)}{last}]{draw(st.sampled_from(['', '  # list']))}"]
    lines = ["periods: ["]
    for number, item in enumerate(items):
        comma = "," if number < count - 1 else last
        lines += draw(st.sampled_from([[], [f"  # of n{number}"]]))
        lines += [f"  {item}{comma}{draw(st.sampled_from(['', f'  # of n{number}']))}"]
    return [*lines, *draw(st.sampled_from([[], ["  # list"]])), "]"]
