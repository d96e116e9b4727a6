import pytest

from downtime.files.flag_file import FLAG_KEYS
from downtime.files.key_spelling import is_close, nearest

MEANT = {
    "until": "end",
    "Until": "end",
    "for": "duration",
    "reason": "message",
    "Message": "message",
    "END": "end",
    "mesage": "message",
    "retry-after": "retry_after",
    "Retry-After": "retry_after",
    "readonly": "read_only",
    "pathes": "paths",
    "timezones": "timezone",
}


@pytest.mark.parametrize(("key", "meant"), MEANT.items())
def test_what_misses_a_key_narrowly_is_taken_for_it(key: str, meant: str) -> None:
    assert nearest(key, FLAG_KEYS) == meant
    assert is_close(key, FLAG_KEYS)


@pytest.mark.parametrize(
    "key", ["Note", "Time", "Date", "Started", "Status", "Back at 14", "", "x" * 70_000, ["end"], 5]
)
def test_what_begins_a_sentence_is_no_key(key: object) -> None:
    assert not is_close(key, FLAG_KEYS)


@pytest.mark.parametrize("key", ["zzz", "", ["end"], None])
def test_what_is_like_no_key_is_taken_for_none(key: object) -> None:
    assert nearest(key, FLAG_KEYS) is None


def test_a_synonym_of_a_key_that_is_not_there_is_taken_for_none() -> None:
    assert nearest("for", ("timezone", "periods")) is None
