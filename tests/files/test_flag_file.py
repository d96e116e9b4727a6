import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from downtime.files import flag_file
from downtime.files.atomic_write import CannotWrite
from downtime.files.disk import entry_fingerprint
from downtime.files.fields import Problem
from downtime.files.flag_file import FLAG_KEYS, Flag, flag_text, load_flags, lower_flag, meaning, period_of, raise_flag
from downtime.schedule.periods import NEVER, Period
from tests.support.texts import BERLIN

RAISED = datetime(2026, 12, 1, 2, tzinfo=timezone.utc)


def looked(path: Path, max_age: float | None = None) -> Flag:
    fingerprint = entry_fingerprint(str(path))
    assert fingerprint is not None
    return flag_file.read_flag(str(path), fingerprint, zone=BERLIN, max_age=max_age)


def raised_at(path: Path, moment: datetime) -> None:
    os.utime(path, ns=(0, int(moment.timestamp()) * 10**9))


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("Back at four.")


def mapping(path: Path) -> None:
    path.write_text("message: Back at four.\nend: 2026-12-01 04:00\n")


def wrong(path: Path) -> None:
    path.write_text("message: [1]\nend: soon\ncron: x\n")


def damaged(path: Path) -> None:
    path.write_text("message: [1\n")


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(4096) + b"\xff")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(4096))


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10 * 2**30)


def bomb(path: Path) -> None:
    path.write_text("a: &a [x]\n" + "".join(f"b{i}: &a [{'*a,' * 9}]\n" for i in range(99)) + "? *a\n: message\n")


def deep(path: Path) -> None:
    path.write_text("[" * 60_000)


def list_as_key(path: Path) -> None:
    path.write_text("? [a]\n: b\nmessage: c\n")


def folder(path: Path) -> None:
    path.mkdir()


def full_folder(path: Path) -> None:
    path.mkdir()
    (path / "x").touch()


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def from_a_far_past(path: Path) -> None:
    path.touch()
    os.utime(path, ns=(0, -(2**33) * 10**9))


def from_a_far_future(path: Path) -> None:
    path.touch()
    os.utime(path, ns=(0, 2**33 * 10**9))


UNDERSTOOD = [empty, text, mapping, deep, from_a_far_past, from_a_far_future]
NOT_UNDERSTOOD = [
    *[wrong, damaged, garbage, zeros, huge, list_as_key],
    *[folder, full_folder, dangling, loop, fifo, bound_socket, endless],
]


@pytest.mark.parametrize("make", [*UNDERSTOOD, *NOT_UNDERSTOOD, bomb], ids=lambda make: make.__name__)
def test_a_flag_that_is_there_is_raised_whatever_it_holds(flag: Path, make: Callable[[Path], None]) -> None:
    assert entry_fingerprint(str(flag)) is None
    make(flag)
    for max_age in (None, 10.0**300):
        found = looked(flag, max_age)
        assert found.path == str(flag)
        assert found.fingerprint == entry_fingerprint(str(flag))
        assert found.period.start < found.period.end
        assert (found.period.enabled, found.period.name, found.period.recurrence) == (True, "", None)
        assert bool(found.problems) is (make in NOT_UNDERSTOOD)
        assert all("\x00" not in problem.message for problem in found.problems)
        assert make is mapping or max_age or found.period.end == NEVER


def test_a_path_below_a_file_or_in_no_folder_is_not_raised(flag: Path) -> None:
    assert entry_fingerprint(str(flag / "x")) is None
    flag.touch()
    assert entry_fingerprint(str(flag / "x")) is None


def test_where_it_cannot_be_told_whether_it_is_raised_that_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long"):
        entry_fingerprint(str(tmp_path / ("x" * 300)))


def test_a_flag_counts_from_its_modification(flag: Path) -> None:
    flag.touch()
    raised_at(flag, RAISED)
    assert looked(flag).period == Period(RAISED)


@pytest.mark.parametrize("mtime", [-(10**20), 0, 10**20, 2**63 - 1], ids=["before", "epoch", "after", "largest"])
def test_a_file_system_may_give_any_time(flag: Path, mtime: int) -> None:
    flag.write_text("duration: 3660d")
    fingerprint = entry_fingerprint(str(flag))
    assert fingerprint is not None
    found = flag_file.read_flag(str(flag), fingerprint._replace(modified_ns=mtime * 10**9), zone=BERLIN, max_age=1e12)
    assert found.period.end == min(found.period.start + timedelta(days=3660), NEVER)
    assert not found.problems


@pytest.mark.parametrize(
    ("content", "max_age", "minutes"),
    [
        ("", None, None),
        ("", 90, 1.5),
        ("", 0.5, 1 / 120),
        ("duration: 1h", 90, 1.5),
        ("duration: 1m", 90, 1),
        ("end: 2026-12-01 02:10Z", 3600, 10),
        ("end: 2026-12-01 02:10Z", None, 10),
        ("end: 2026-11-01", 90, 1.5),
        ("end: 2026-11-01", None, None),
    ],
)
def test_a_flag_lets_go_at_its_end_or_its_greatest_age_whichever_is_sooner(
    flag: Path, content: str, max_age: float | None, minutes: float | None
) -> None:
    flag.write_text(content)
    raised_at(flag, RAISED)
    end = NEVER if minutes is None else RAISED + timedelta(minutes=minutes)
    assert looked(flag, max_age).period.end == end


@pytest.mark.parametrize("content", ["", " \n", "\ufeff", "# back soon\n", "~", "{}"])
def test_a_flag_that_says_nothing_has_no_problem(flag: Path, content: str) -> None:
    flag.write_text(content)
    found = looked(flag)
    assert (found.period.end, found.problems) == (NEVER, ())


@pytest.mark.parametrize(
    "message",
    [
        "Back at four.",
        "Back at four.\nPromised.",
        "Back at 14:00: we promise: really",
        "Note: back at four",
        "- not a list",
        "[not a list",
        "{not a mapping",
        "'tis a quote",
        "100 % new\n% % %\n" + "% done\n" * 20 + "!",
        "@all: back at four",
        "!!python/object/apply:os.system [x]",
        "&me *you",
        "Wartung läuft · 🚧 👩‍💻 · bis 4",
        "Fermé\xa0: retour: à 4\xa0h",
        "2026-12-01",
        "true",
        "the message: is this",
        "---\nback\n---\nsoon",
        "Time: 14:00",
        "Started: two hours ago",
        "Date: tomorrow\nWhere: here",
        "Back: soon: we promise",
        "Note: " + "".join(f"\na{number}: b" for number in range(5_000)),
        "\tindented: by: tab",
    ],
)
def test_a_plain_text_is_the_message_even_where_yaml_means_something_else(flag: Path, message: str) -> None:
    flag.write_text(f"\n {message} \n", newline="")
    found = looked(flag)
    assert found.period.message == message.strip()
    assert found.problems == ()


def test_a_mapping_may_hold_the_keys_of_a_period() -> None:
    source = """\
message: We are moving.
end: 2026-12-01 04:00
timezone: America/New_York
redirect: /up/
retry_after: 600
read_only: true
paths: [/a, /b/]
"""
    assert meaning(source, BERLIN, RAISED) == (
        Period(
            RAISED,
            datetime(2026, 12, 1, 9, tzinfo=timezone.utc),
            message="We are moving.",
            redirect="/up/",
            retry_after=600,
            read_only=True,
            paths=("/a", "/b"),
        ),
        (),
    )


def test_an_end_in_a_repeated_hour_is_the_second() -> None:
    period, problems = meaning("end: 2026-10-25 02:30", BERLIN, RAISED.replace(month=10, day=20))
    assert (period.end, problems) == (datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc), ())


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("name: a", 1, f"'name' is not a key of a flag; the keys are {', '.join(FLAG_KEYS)}"),
        ("cron: '* * * * *'", 1, f"'cron' is not a key of a flag; the keys are {', '.join(FLAG_KEYS)}"),
        ("start: 2026-12-01", 1, f"'start' is not a key of a flag; the keys are {', '.join(FLAG_KEYS)}"),
        ("enabled: false", 1, f"'enabled' is not a key of a flag; the keys are {', '.join(FLAG_KEYS)}"),
        ("paths: [/a]\nmesage: b", 2, "'mesage' is not a key of a flag; did you mean message?"),
        ("message: b\nmessage: c", 2, "the key message appears twice, first on line 1; remove one of them"),
        ("\nmessage: no", 2, "message is 'no'; YAML does not read that as text; write it in quotes: 'no'"),
        ("end: 2026-12-01 02:00Z", 1, "end is '2026-12-01 02:00Z'; it must be a time after the flag was last written"),
        ("end: 2026-12-24\nduration: 1h", 2, "both end and duration are given; give only one of them"),
        ("timezone: x", 1, "timezone is 'x'; it must be an IANA time zone name such as Europe/Berlin or UTC"),
        ("retry_after: soon", 1, "retry_after is 'soon'; it must be a whole number of seconds from 1 to 999999999, "),
        ("message: a: b", 1, "it is not valid YAML: mapping values are not allowed in this context; write plain "),
        ("a\0", 1, "it holds a character that YAML does not allow: "),
        ("until: 2026-12-01 04:00", 1, "'until' is not a key of a flag; did you mean end?"),
        ("for: 2h", 1, "'for' is not a key of a flag; did you mean duration?"),
        ("reason: disks", 1, "'reason' is not a key of a flag; did you mean message?"),
        ("Reason: disks", 1, "'Reason' is not a key of a flag; did you mean message?"),
        ("Message: Back at four.", 1, "'Message' is not a key of a flag; did you mean message?"),
        ("\nMESSAGE: Back at four.", 2, "'MESSAGE' is not a key of a flag; did you mean message?"),
        ("mesage: Back at four.", 1, "'mesage' is not a key of a flag; did you mean message?"),
        ("retry-after: 600", 1, "'retry-after' is not a key of a flag; did you mean retry_after?"),
        ("Read-Only: true", 1, "'Read-Only' is not a key of a flag; did you mean read_only?"),
        ("path: [/a]", 1, "'path' is not a key of a flag; did you mean paths?"),
        ('{"Message": "Back at four."}', 1, "'Message' is not a key of a flag; did you mean message?"),
        ("Message: Back: at four.", 1, "it is not valid YAML: mapping values are not allowed in this context; write"),
        ("until: 4\nmessage: a: b", 2, "it is not valid YAML: mapping values are not allowed in this context; write"),
    ],
)
def test_what_is_not_understood_is_a_problem_with_its_line(source: str, line: int, message: str) -> None:
    period, problems = meaning(source, BERLIN, RAISED)
    assert (period.start, period.end) == (RAISED, NEVER)
    assert [problem.line for problem in problems] == [line]
    assert problems[0].message.startswith(message)


def test_what_is_not_understood_is_as_if_it_were_not_there() -> None:
    period, problems = meaning("retry_after: soon\nmessage: hi\nduration: 1h\n", BERLIN, RAISED)
    assert period == Period(RAISED, RAISED + timedelta(hours=1), message="hi")
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (folder, "Is a directory"),
        (dangling, "No such file or directory"),
        (fifo, "it is not a regular file"),
        (endless, "it is not a regular file"),
        (garbage, "it is not UTF-8 text"),
        (huge, "it has 10737418240 bytes; at most 65536 are read"),
    ],
)
def test_content_that_cannot_be_read_is_a_problem_that_says_so(
    flag: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(flag)
    assert looked(flag).problems == (Problem(1, f"the flag's content can't be read: {reason}; it counts all the same"),)


def test_a_flag_that_is_raised_without_keys_is_empty(flag: Path) -> None:
    raise_flag(str(flag), "")
    assert flag.read_bytes() == b""


def test_raising_it_again_puts_the_new_keys_in_place_of_the_old(flag: Path) -> None:
    raise_flag(str(flag), flag_text({"message": "one", "retry_after": 5}))
    before = entry_fingerprint(str(flag))
    raise_flag(str(flag), flag_text({"message": "two"}))
    assert entry_fingerprint(str(flag)) != before
    assert looked(flag).period.message == "two"
    assert looked(flag).period.retry_after is None
    assert os.listdir(flag.parent) == [flag.name]


def test_what_it_was_raised_with_is_what_it_says(flag: Path) -> None:
    keys = {
        "message": "Zurück: um vier\nUhr 🚧",
        "end": "2999-12-01 04:00:00+01:00",
        "retry_after": 600,
        "redirect": "https://status.example.com/?a=b#c",
        "read_only": True,
        "paths": ["/a", "/größe", "/"],
    }
    raise_flag(str(flag), flag_text(keys))
    found = looked(flag)
    assert found.problems == ()
    assert found.period == Period(
        found.period.start,
        datetime(2999, 12, 1, 3, tzinfo=timezone.utc),
        message="Zurück: um vier\nUhr 🚧",
        redirect="https://status.example.com/?a=b#c",
        retry_after=600,
        read_only=True,
        paths=("/a", "/größe", ""),
    )


@given(
    st.text(st.characters(codec="utf-8")) | st.sampled_from(["no", "~", "null", "2026-12-01", "a: b", "%" * 9, "12"])
)
@example("odd\x85breaks\u2028stay")
def test_any_message_is_read_back_as_it_was_given(tmp_path_factory: pytest.TempPathFactory, message: str) -> None:
    flag = tmp_path_factory.getbasetemp() / "any.flag"
    raise_flag(str(flag), flag_text({"message": message}))
    found = looked(flag)
    assert (found.period.message, found.problems) == (message.strip(), ())


@pytest.mark.parametrize("message", ["a\r\nb", "a\x85b", "a\u2028ü", "a\n\n b", "\x07a", "🚧 ü: \\ ' \"", "x " * 500])
def test_line_breaks_and_signs_of_every_kind_are_read_back(flag: Path, message: str) -> None:
    raise_flag(str(flag), flag_text({"message": message}))
    assert (looked(flag).period.message, looked(flag).problems) == (message.strip(), ())


def test_a_flag_is_lowered_once(flag: Path) -> None:
    raise_flag(str(flag), "")
    assert lower_flag(str(flag))
    assert entry_fingerprint(str(flag)) is None
    assert not lower_flag(str(flag))
    flag.touch()
    assert not lower_flag(str(flag / "below a file"))


AT_ONCE = """
import sys
from downtime.files.flag_file import lower_flag, raise_flag
path, kind = sys.argv[1:]
sys.stdin.read(1)
for _ in range(400):
    raise_flag(path, "") if kind == "raise" else lower_flag(path)
"""


def test_whoever_raises_and_lowers_a_flag_at_the_same_time_meets_no_error(flag: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(flag), kind], stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for kind in ("raise", "raise", "lower", "lower")
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"x")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in running] == [b""] * 4
    assert os.listdir(flag.parent) in ([], [flag.name])


def test_of_two_who_lower_a_flag_one_is_told_that_it_was_not_raised_even_if_it_is_raised_again_at_once(
    flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag.touch()
    unlink = os.unlink

    def overtaken(path: str, **folder: int) -> None:
        unlink(flag)
        try:
            unlink(path, **folder)
        finally:
            flag.touch()

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", overtaken)
        assert not lower_flag(str(flag))
    assert flag.exists()


def test_a_flag_that_is_lowered_while_it_is_raised_anew_is_raised(flag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag.touch()
    opened = os.open

    def overtaken(path: str, *args: int, **folder: int) -> int:
        if path == flag.name:
            flag.unlink()
        return opened(path, *args, **folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", overtaken)
        raise_flag(str(flag), "")
    assert flag.is_file()


@pytest.mark.parametrize("make", [empty, folder, dangling, loop, fifo, endless], ids=lambda make: make.__name__)
def test_a_flag_of_any_kind_can_be_lowered(flag: Path, make: Callable[[Path], None]) -> None:
    make(flag)
    assert lower_flag(str(flag))
    assert not os.listdir(flag.parent)


def test_a_flag_that_cannot_be_written_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="make its folder first"):
        raise_flag(str(tmp_path / "none" / "flag"), "")
    full_folder(tmp_path / "flag")
    with pytest.raises(CannotWrite, match="a folder is in its place: remove it first"):
        raise_flag(str(tmp_path / "flag"), "")
    with pytest.raises(CannotWrite, match="it is a folder that is not empty: remove it by hand"):
        lower_flag(str(tmp_path / "flag"))


def test_the_raised_flags_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    three.write_text("third")
    one.write_text("retry_after: 0")
    hidden = tmp_path / ("x" * 300)
    flags = load_flags(tuple(map(str, (three, hidden, two, one))), zone=BERLIN, max_age=None)
    assert [flag.path for flag in flags.raised] == [str(three), str(one)]
    assert [flag.period.message for flag in flags.raised] == ["third", ""]
    assert [len(flag.problems) for flag in flags.raised] == [0, 1]
    assert all(flag.period.end == NEVER for flag in flags.raised)


def test_the_greatest_age_holds_for_each_flag(tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    (flag,) = load_flags((str(tmp_path / "one"),), zone=BERLIN, max_age=60).raised
    assert (flag.period.end - flag.period.start).total_seconds() == 60


def test_a_flag_of_which_it_cannot_be_told_whether_it_is_raised_counts_as_not_raised_and_says_why(
    tmp_path: Path,
) -> None:
    hidden, one = tmp_path / ("x" * 300), tmp_path / "one"
    one.touch()
    flags = load_flags((str(hidden), str(one)), zone=BERLIN, max_age=None)
    assert [flag.path for flag in flags.raised] == [str(one)]
    assert flags.uninspectable == (
        f"{hidden} can't be looked at: File name too long; it counts as before, or as not raised",
    )


def test_each_flag_is_looked_at_once(tmp_path: Path, file_accesses: list[str]) -> None:
    load_flags((str(tmp_path / "one"), str(tmp_path / ("x" * 300))), zone=BERLIN, max_age=None)
    assert file_accesses == ["lstat", "lstat"]


@pytest.mark.parametrize("max_age", [None, 60.0, 1e9], ids=str)
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"message": "  Größer\nby \u2028 far "},
        {"message": "end: soon", "paths": ["/"], "read_only": True},
        {"message": "Back at four.", "end": "2026-12-01 04:00:00+01:00", "retry_after": 5},
    ],
    ids=["nothing", "a message", "a message like a key", "an end"],
)
def test_the_period_of_a_flag_is_known_before_it_is_raised(
    tmp_path: Path, keys: dict[str, object], max_age: float | None
) -> None:
    flag = tmp_path / "downtime.flag"
    raise_flag(str(flag), flag_text(keys))
    raised_at(flag, RAISED)
    assert period_of(flag_text(keys), zone=BERLIN, raised_at=RAISED, max_age=max_age) == looked(flag, max_age).period
