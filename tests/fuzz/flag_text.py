"""Flags by chance: whatever one holds, it takes the site down; and what it says is read as it was written.

What is expected is worked out from the documentation, not by the app."""

from __future__ import annotations

import os
import random
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from downtime.files.flag_file import Flag, flag_text, load_flags, raise_flag
from downtime.schedule.periods import NEVER, Schedule
from tests.fuzz import texts

_ZONE = ZoneInfo("Europe/Berlin")
_SAMPLES = (
    b"",
    b"Back at four.\n",
    "🚧 größer\n".encode(),
    b"message: Back at four.\nend: 2026-12-01 04:00\npaths: [/shop]\n",
    b"read_only: true\nduration: 2h\nretry_after: 5\n",
    b"{redirect: https://status.example.com/, timezone: UTC}",
)


def trial(chance: random.Random) -> int:
    """One flag of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "downtime.flag")
        _check_anything(chance, path, texts.mutated(chance, chance.choice(_SAMPLES)))
        _check_keys(chance, path)
        _check_message(chance, path)
        _check_raised(chance, path)
    return 4


def _loaded(path: Path, max_age: float | None = None) -> Flag:
    """The flag, which counts, with problems that lie on its lines."""
    flags = load_flags((str(path),), zone=_ZONE, max_age=max_age)
    [flag] = flags.raised
    lines = len(path.read_bytes().decode(errors="replace").splitlines()) + 1
    assert flags.uninspectable == ()
    assert all(1 <= problem.line <= lines for problem in flag.problems), (path.read_bytes(), flag)
    return flag


def _check_anything(chance: random.Random, path: Path, content: bytes) -> None:
    """No content raises or lowers it; only an end that it names, or its age, lets it go."""
    path.write_bytes(content)
    max_age = chance.choice((None, 60.0, 1e15))
    flag = _loaded(path, max_age)
    status = path.stat()
    written = datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=status.st_mtime_ns // 1000)
    assert flag.period.start == written, content
    assert flag.period.end > written, content
    if b"end" not in content and b"duration" not in content:
        expected = NEVER if max_age != 60 else written + timedelta(seconds=60)
        assert flag.period.end == expected, content
    assert [window.period for window in Schedule().at(written, [flag.period]).active] == [flag.period], content
    if flag.problems and b"paths" not in content:
        assert flag.period.is_whole, content


def _check_keys(chance: random.Random, path: Path) -> None:
    """Sound keys mean what they say; of one that is wrong it is told, and it counts as left out."""
    message = texts.message(chance)
    end = (datetime(2030, 1, 1) + timedelta(minutes=chance.randrange(10**6))).replace(hour=12)
    choices: dict[str, tuple[str, object]] = {
        "message": (texts.scalar(chance, message, is_plain=False), message),
        "end": (texts.scalar(chance, end.isoformat(" ")), end.replace(tzinfo=_ZONE).astimezone(timezone.utc)),
        "redirect": (texts.scalar(chance, "/upgrade/"), "/upgrade/"),
        "retry_after": ("600", 600),
        "read_only": ("true", True),
        "paths": ("[/shop, /cart/]", ("/shop", "/cart")),
    }
    chosen = chance.sample(sorted(choices), chance.randint(1, 6))
    keys = {key: choices[key][0] for key in chosen}
    wrong = chance.choice((None, None, *chosen))
    if wrong:
        keys[wrong] = chance.choice(("[[]]", "{a: b}", "~"))
    path.write_text(chance.choice(("", "# why\n")) + "\n".join(texts.mapping(chance, keys)), encoding="utf-8")
    flag = _loaded(path)
    assert bool(flag.problems) is bool(wrong), (path.read_text(), flag)
    left_out = {"message": "", "end": NEVER, "redirect": "", "retry_after": None, "read_only": False, "paths": ()}
    for key, nothing in left_out.items():
        expected = choices[key][1] if key in chosen and key != wrong else nothing
        assert getattr(flag.period, key) == expected, (key, path.read_text(), flag)


def _check_message(chance: random.Random, path: Path) -> None:
    """Plain text is the message."""
    words = ("Back", "at", "four.", "größer", "🚧", "日本語", "it's", "(soon)", "no", "12:30", "a/b", "50%", "1,5")
    lines = [" ".join(chance.choice(words) for _ in range(chance.randint(1, 6))) for _ in range(chance.randint(1, 4))]
    text = chance.choice(("", "\n", "  ")) + "\n".join(lines) + chance.choice(("", "\n", " \n\n"))
    path.write_text(text, encoding="utf-8", newline="")
    flag = _loaded(path)
    assert (flag.period.message, flag.period.end, flag.problems) == (text.strip(), NEVER, ()), (text, flag)


def _check_raised(chance: random.Random, path: Path) -> None:
    """What a command raises is read as it was asked for, whatever characters it holds."""
    characters = "aß🚧 \t\n:#'\"{}[]&*!|>%@`-?,~\\\x85\u2028\u202e\x1b\x00\u00a0\ufeff0"
    message = "".join(chance.choice(characters) for _ in range(chance.randint(1, 30)))
    raise_flag(str(path), flag_text({"message": message, "retry_after": 5, "paths": ["/größer", "/a b"]}))
    flag = _loaded(path)
    period = flag.period
    assert (period.message, period.retry_after, period.paths) == (message.strip(), 5, ("/größer", "/a b")), (
        message,
        flag,
    )
    assert flag.problems == (), (message, flag)
    assert os.listdir(path.parent) == [path.name]
