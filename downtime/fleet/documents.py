"""What travels through the cache, signed with SECRET_KEY: what was published, and what each host says about itself."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from django.core.signing import BadSignature, Signer

DocumentT = TypeVar("DocumentT", "Publication", "Confirmation")
_TYPES: dict[Any, Any] = {"int": int, "float": (int, float), "str": str, "str | None": (str, type(None)), "bool": bool}
_HIGHEST = 2**62
"""The highest serial; engines count to 2**63."""
_LATEST = 250_000_000_000
"""In the year 9892: the latest time that a file can be given, with room to change time zones."""


class NotAccepted(Exception):
    """The cache holds something that was not signed with this SECRET_KEY or a fallback, or that is not a document."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What every host is told: to raise the fleet's flag with that text, or to lower it."""

    serial: int
    """Higher than that of each earlier publication."""
    token: str
    """Tells it from another publication with the same serial."""
    at: float
    """When it was published, in seconds since the epoch, by the publisher's clock."""
    by: str
    """The person and the host, as in anna@deploy-1."""
    flag: str | None
    """The text of the flag; None to lower it."""

    @property
    def key(self) -> tuple[int, str]:
        """What a host names to say that it follows this very publication."""
        return self.serial, self.token


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a host says about itself."""

    host: str
    follower: str
    """A random text for each process that follows."""
    serial: int
    """The serial of the publication that it accepted last; 0 if there is none."""
    token: str
    at: float
    """When it said so, in seconds since the epoch, by its own clock."""
    trouble: str = ""
    """Why its flag is not what the publication says; empty if it is."""
    own_flag: bool = False
    """Whether a flag of its own is raised."""

    @property
    def key(self) -> tuple[int, str]:
        """The key of the publication that it accepted last."""
        return self.serial, self.token


def new_token() -> str:
    """A random text that nobody else has."""
    return secrets.token_hex(6)


def signed(document: Publication | Confirmation) -> str:
    """The document as text that shows who may have written it."""
    return _signer(type(document)).sign_object(asdict(document))


def opened(kind: type[DocumentT], text: object) -> DocumentT:
    """The document of that kind in the text; raises NotAccepted. Keys that a later version adds are ignored."""
    if not isinstance(text, str):
        raise NotAccepted("it is not text")
    try:
        values: Any = _signer(kind).unsign_object(text)
    except (BadSignature, UnicodeError) as error:  # nobody can sign a lone surrogate
        raise NotAccepted("it is signed with another SECRET_KEY, or has been changed") from error
    try:
        document = kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})
        _check(document)
    except (TypeError, ValueError) as error:
        raise NotAccepted("it was written by another version of django-downtime") from error
    return document


def _check(document: Publication | Confirmation) -> None:
    """Raises ValueError unless a host can do what it says; otherwise the host would fail on it again and again."""
    for field in fields(document):
        if not isinstance(getattr(document, field.name), _TYPES[field.type]):
            raise ValueError(field.name)
    if not (0 <= document.serial <= _HIGHEST and 0 <= document.at <= _LATEST):
        raise ValueError("out of range")
    if isinstance(document, Publication) and document.flag is not None:
        document.flag.encode()


def _signer(kind: type) -> Signer:
    return Signer(salt=f"downtime.fleet.{kind.__name__}")
