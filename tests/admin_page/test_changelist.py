"""The table of periods: chosen, ordered and paged as any table of the admin, but out of memory."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from downtime.files.parser import parse

PAGE = "/admin/downtime/period/"
SCHEDULE = """
periods:
  - {name: alpha, start: 2020-01-01, message: Faster disks.}
  - {name: bravo, start: 2999-12-01, duration: 2h}
  - {name: charlie, start: 2999-11-01, duration: 3h, paths: [/shop]}
  - {name: delta, start: 2020-02-01, duration: 1h}
  - {name: echo, start: 2999-01-01, enabled: false}
"""


def names(client: Client, query: str = "") -> list[str]:
    """The names in the table, and then those that are over, from top to bottom."""
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return re.findall(r'<td class="field-name"><strong id="[\w-]+">(.*?)</strong>', answer.content.decode())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["alpha", "charlie", "bravo", "echo", "delta"]),
        ("?state=active", ["alpha"]),
        ("?state=coming", ["charlie", "bravo"]),
        ("?state=over", ["delta"]),
        ("?state=disabled", ["echo"]),
        ("?state=nonsense", []),
        ("?q=SHOP", ["charlie"]),
        ("?q=faster+disks", ["alpha"]),
        ("?q=disks+faster", ["alpha"]),
        ("?q=%22faster+disks%22", ["alpha"]),
        ("?q='disks+faster'", []),
        ("?q=alpha&state=over", []),
        ("?o=0", ["alpha", "bravo", "charlie", "echo", "delta"]),
        ("?o=-0", ["echo", "charlie", "bravo", "alpha", "delta"]),
        ("?o=-1.0", ["echo", "bravo", "charlie", "alpha", "delta"]),
        ("?o=-2", ["bravo", "charlie", "echo", "alpha", "delta"]),
        ("?o=4", ["alpha", "bravo", "charlie", "echo", "delta"]),
        ("?o=99.x", ["alpha", "bravo", "charlie", "echo", "delta"]),
        ("?timeline=month&o=0", ["alpha", "bravo", "charlie", "echo", "delta"]),
        ("?q=%00&state=%00", []),
        ("?_popup=1&q=bravo", ["bravo"]),
    ],
)
def test_the_parameters_choose_and_order_the_rows(staff: Client, schedule: Path, query: str, found: list[str]) -> None:
    schedule.write_text(SCHEDULE)
    assert names(staff, query) == found


@pytest.mark.parametrize("query", ["?p=9", "?p=0", "?p=-1", "?no_such_field=1", "?timeline=week&p=3"])
def test_what_is_asked_for_and_is_not_there_leads_back_to_the_whole_table(
    staff: Client, schedule: Path, query: str
) -> None:
    schedule.write_text("periods:\n" + "- {start: 2999-01-01}\n" * 150)
    answer = staff.get(f"{PAGE}{query}")
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?e=1")
    assert staff.get(f"{PAGE}?e=1").status_code == 200


def test_a_hundred_rows_make_a_page(staff: Client, schedule: Path) -> None:
    schedule.write_text("periods:\n" + "".join(f"- {{name: p{n:03}, start: 2999-01-01}}\n" for n in range(250)))
    everything = [f"p{n:03}" for n in range(250)]
    assert names(staff) == everything[:100]
    assert names(staff, "?p=2") == everything[100:200]
    assert names(staff, "?p=3") == everything[200:]
    assert names(staff, "?p=3&o=-0") == everything[49::-1]
    page = staff.get(f"{PAGE}?q=p00").content.decode()
    assert "10 results" in page
    assert "250 total" in page


def test_up_to_two_hundred_can_be_shown_at_once(staff: Client, schedule: Path) -> None:
    schedule.write_text("periods:\n" + "".join(f"- {{name: p{n}, start: 2999-01-01}}\n" for n in range(150)))
    assert 'class="showall"' in staff.get(PAGE).content.decode()
    assert len(names(staff, "?all=")) == 150


def test_each_column_but_the_command_can_be_ordered_by(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE)
    page = staff.get(PAGE).content.decode()
    columns = re.findall(r'<th scope="col" class="((?:sortable )?column-\w+)', page)
    assert [column.partition("column-")[2] for column in columns] == ["name", "state", "when", "covers", "command"]
    assert [column.startswith("sortable") for column in columns] == [True] * 4 + [False]


def test_the_links_of_the_page_keep_what_was_chosen(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE)
    page = staff.get(f"{PAGE}?q=a&state=coming&timeline=month").content.decode()
    assert re.search(r'<a dir="auto" href="\?q=a&amp;state=coming&amp;timeline=90-days">90 days</a>', page)
    assert re.search(r'<a href="\?q=a&amp;state=over&amp;timeline=month"', page)
    assert re.search(r'<a dir="auto" href="[^"]*timeline=month" aria-current="true">Month</a>', page)


@pytest.mark.parametrize(("query", "view"), [("", "Week"), ("?timeline=day", "Day"), ("?timeline=x", "Week")])
def test_a_view_of_the_picture_is_chosen(staff: Client, query: str, view: str) -> None:
    assert re.findall(r'aria-current="true">(.*?)<', staff.get(f"{PAGE}{query}").content.decode()) == [view]


def test_what_is_over_is_folded_unless_it_is_asked_for(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE + "  - {name: foxtrot, start: 2020-03-01, duration: 1h}\n")
    page = staff.get(PAGE).content.decode()
    listed, _, folded = page.partition('id="downtime-over"')
    assert "delta" not in listed.partition('id="result_list"')[2]
    assert "<details><summary>What is over (2)</summary>" in folded
    assert folded.index("foxtrot") < folded.index("delta") < folded.index("</details>")
    assert "4 periods" in listed
    assert re.search(
        r'<td class="field-when"><time datetime="2020-02-01[^>]*><bdi>Feb. 1, 2020 00:00.01:00</bdi></time>', folded
    )
    assert "<details open><summary>What is over (1)</summary>" in staff.get(f"{PAGE}?q=delta").content.decode()
    chosen = staff.get(f"{PAGE}?state=over").content.decode()
    assert "What is over" not in chosen
    assert names(staff, "?state=over") == ["delta", "foxtrot"]


def test_of_much_that_is_over_the_last_hundred_are_shown_and_the_others_found(staff: Client, schedule: Path) -> None:
    line = "- {{name: p{0:03}, start: '2020-01-01 {1:02}:{2:02}', duration: 1h}}\n"
    schedule.write_text("periods:\n" + "".join(line.format(n, n // 60, n % 60) for n in range(150)))
    assert names(staff) == [f"p{n:03}" for n in range(149, 49, -1)]
    page = staff.get(f"{PAGE}?timeline=month").content.decode()
    assert "What is over (150)" in page
    assert '<a href="?state=over&amp;timeline=month">All that is over</a>' in page


@pytest.mark.parametrize(
    ("query", "links"),
    [
        ("?timeline=month", ["#downtime-period-{}", "?p=2&timeline=month#downtime-period-{}"]),
        ("?timeline=month&p=2", ["?p=1&timeline=month#downtime-period-{}", "#downtime-period-{}"]),
        ("?timeline=month&q=p001", ["#downtime-period-{}", "?timeline=month&p=2#downtime-period-{}"]),
        ("?timeline=month&all=", ["#downtime-period-{}", "#downtime-period-{}"]),
    ],
    ids=["first page", "second page", "searched for another", "all"],
)
def test_a_bar_leads_to_its_row_wherever_that_is(staff: Client, schedule: Path, query: str, links: list[str]) -> None:
    now = datetime.now(timezone.utc)
    line = "- {{name: p{0:03}, start: '{1:%Y-%m-%dT%H:%M:%SZ}', duration: 1h}}\n"
    times = (now + timedelta(hours=3 * number) for number in range(1, 121))
    schedule.write_text("periods:\n" + "".join(line.format(n, time) for n, time in enumerate(times, 1)))
    page = staff.get(f"{PAGE}{query}").content.decode()
    found = dict(re.findall(r'dir="auto" href="([^"]*)" title="(p001|p110)"', page))
    assert {unescape(href): name for href, name in found.items()} == {
        link.format(rank): name for link, rank, name in zip(links, (0, 109), ("p001", "p110"), strict=True)
    }
    for link in map(unescape, found):
        there = query if link.startswith("#") else link
        assert f'id="{link.partition("#")[2]}"' in staff.get(f"{PAGE}{there}").content.decode()


def test_a_flag_leads_to_the_files(staff: Client, flag: Path) -> None:
    flag.touch()
    page = staff.get(PAGE).content.decode()
    assert f'href="#downtime-files" title="{flag}"' in page
    assert '<h2 id="downtime-files">' in page


def test_the_order_is_state_picture_list_over_files(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE)
    page = staff.get(PAGE).content.decode()
    ids = ("state", "advice", "timeline", "list", "over", "files")
    places = [page.index(f'id="downtime-{name}"') for name in ids]
    assert places == sorted(places)


def test_a_damaged_file_shows_what_is_in_force(staff: Client, schedule: Path) -> None:
    schedule.write_text(SCHEDULE)
    assert len(names(staff)) == 5
    schedule.write_text("periods:\n  - {name: other, start: 2020-13-01}\n")
    page = staff.get(PAGE).content.decode()
    assert f"<code>{schedule}:2: start is &#x27;2020-13-01&#x27;" in page
    assert "The last good schedule stays in force until these problems are corrected." in page
    assert len(names(staff)) == 5


@pytest.mark.parametrize("state", ["coming", "active"])
def test_no_text_of_a_schedule_becomes_markup(staff: Client, schedule: Path, flag: Path, state: str) -> None:
    evil = "'\"><script>alert(1)</script>'"
    start = "2999-01-01" if state == "coming" else "2020-01-01"
    texts = f"""name: {evil}, message: {evil}, paths: ['/"><script>'], enabled: true"""
    schedule.write_text(f"periods:\n  - {{{texts}, start: {start}}}\n  - {{name: {evil}, cron: '\"><script>'}}\n")
    flag.write_text("message: '<script>alert(2)</script>'\npaths: ['/<script>']\n<script>: 1\n")
    pages = [staff.get(f"{PAGE}?timeline={view}&q=script").content.decode() for view in ("day", "week")]
    for page in pages:
        assert "<script>" not in page.replace("<script>\n", "")
        assert page.count("&lt;script&gt;") > 5
        assert names(staff) == ["&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"]


@pytest.mark.system
@pytest.mark.alone
@pytest.mark.parametrize(
    "keys",
    [
        "start: 2999-01-01 02:00, duration: {1}m",
        pytest.param("start: 2020-01-01, end: 2999-01-01 0{2}:00, paths: [/{0}]"),
        pytest.param("cron: '{1} {2} * * SUN', duration: {1}m"),
    ],
    ids=["coming", "parts that are down", "repeating"],
)
def test_a_page_of_ten_thousand_periods_takes_less_time_than_to_read_them_twice(
    staff: Client, schedule: Path, keys: str
) -> None:
    period = f"- {{{{name: p{{0}}, {keys}, message: Some text.}}}}\n"
    text = "periods:\n" + "".join(period.format(n, n % 59 + 1, n % 9) for n in range(10_000))
    schedule.write_text(text)
    assert len(names(staff)) == 100
    reading = seconds(lambda: parse(text, timezone.utc), times=2)
    for query in ("", "?p=50&o=-4.0", "?q=p1&timeline=90-days"):
        assert seconds(lambda query=query: names(staff, query), times=3) < 2 * reading


def seconds(call: Callable[[], object], *, times: int) -> float:
    """The least of some calls, as a busy machine only adds to it; without the tracing of each line for the coverage."""
    taken = []
    with untraced():
        for _ in range(times):
            begun = time.thread_time()
            call()
            taken.append(time.thread_time() - begun)
    return min(taken)


@contextmanager
def untraced() -> Iterator[None]:
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
