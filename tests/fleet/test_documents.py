"""What travels through the cache: whole and signed, or not accepted."""

from dataclasses import asdict, replace
from typing import Any

import pytest
import pytest_django
from django.core.signing import Signer

from downtime.fleet.documents import Confirmation, NotAccepted, Publication, new_token, opened, signed

PUBLICATION = Publication(7, "abc", 1_800_000_000.25, "anna@deploy-1", "message: Größer 🚧\n")
CONFIRMATION = Confirmation("web-1", "f", 7, "abc", 1_800_000_001.5, "no room", own_flag=True)


@pytest.mark.parametrize(
    "document", [PUBLICATION, replace(PUBLICATION, flag=None), replace(PUBLICATION, flag=""), CONFIRMATION], ids=repr
)
def test_what_was_signed_is_read_back_whole(document: Any) -> None:
    assert opened(type(document), signed(document)) == document


def test_the_same_document_is_always_signed_as_the_same_text() -> None:
    """By that a publisher finds its own again."""
    assert signed(PUBLICATION) == signed(replace(PUBLICATION))


def test_another_key_is_not_accepted_and_a_fallback_is(settings: pytest_django.Settings) -> None:
    text = signed(PUBLICATION)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    with pytest.raises(NotAccepted, match="signed with another SECRET_KEY, or has been changed"):
        opened(Publication, text)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert opened(Publication, text) == PUBLICATION


def by_hand(values: object) -> str:
    return Signer(salt="downtime.fleet.Publication").sign_object(values)


REFUSED: dict[str, tuple[object, str]] = {
    "no text": (b"abc", "it is not text"),
    "nothing": (None, "it is not text"),
    "no signature": ("abc", "another SECRET_KEY"),
    "a letter changed": (signed(PUBLICATION).replace("e", "f", 1), "another SECRET_KEY"),
    "another kind of document": (signed(CONFIRMATION), "another SECRET_KEY"),
    "a lone surrogate": ("abc\ud800:abc", "another SECRET_KEY"),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_document_is_not_accepted(text: object, why: str) -> None:
    with pytest.raises(NotAccepted, match=why):
        opened(Publication, text)


@pytest.mark.parametrize("values", [{"serial": 8}, {}, [], 5, None], ids=repr)
def test_a_document_that_lacks_something_is_of_another_version(values: object) -> None:
    with pytest.raises(NotAccepted, match="another version of django-downtime"):
        opened(Publication, by_hand(values))


ODD: dict[str, dict[str, object]] = {
    "a serial that is text": {"serial": "7"},
    "a serial below all": {"serial": -1},
    "a serial that no engine can count to": {"serial": 10**400},
    "a token that is none": {"token": None},
    "a time that is text": {"at": "today"},
    "a time that is no number": {"at": float("nan")},
    "a time without an end": {"at": float("inf")},
    "a time that no file can have": {"at": 1e300},
    "a time before all": {"at": -1e300},
    "a flag that is no text": {"flag": ["message", "a"]},
    "a flag that no file can hold": {"flag": "message: \ud800"},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_no_host_could_do_is_not_accepted_whoever_has_signed_it(odd: dict[str, object]) -> None:
    with pytest.raises(NotAccepted, match="another version of django-downtime"):
        opened(Publication, by_hand(asdict(PUBLICATION) | odd))


def test_a_key_that_a_later_version_adds_is_ignored() -> None:
    values = {"serial": 7, "token": "abc", "at": 1.5, "by": "anna", "flag": None, "colour": "red"}
    assert opened(Publication, by_hand(values)) == Publication(7, "abc", 1.5, "anna", None)


def test_a_token_is_never_the_same() -> None:
    assert len({new_token() for _ in range(100)}) == 100
