"""A cache in Redis whose client is a plain socket without a timeout, as some library's may be."""

import socket
from collections.abc import Mapping
from typing import Any, BinaryIO

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisSerializer


class PlainCache(BaseCache):
    """A cache that waits for each answer as long as it takes; Django's own Redis cache can read what it keeps."""

    def __init__(self, location: str, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        host, _, port = location.rpartition(":")
        self._address = (host, int(port))
        self._serializer = RedisSerializer()
        self._connection: socket.socket | None = None
        self._answers: BinaryIO | None = None

    def get(self, key: str, default: object = None, version: int | None = None) -> Any:
        found = self._ask("GET", self.make_and_validate_key(key, version))
        return default if found is None else self._serializer.loads(found)

    def set(self, key: str, value: object, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._set(key, value, timeout, version)

    def add(self, key: str, value: object, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._set(key, value, timeout, version, "NX") is not None

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask("INCRBY", self.make_and_validate_key(key, version), delta))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("DEL", self.make_and_validate_key(key, version)))

    def close(self, **kwargs: object) -> None:
        if self._connection is not None and self._answers is not None:
            self._answers.close()
            self._connection.close()
            self._connection = self._answers = None

    def _set(self, key: str, value: object, timeout: Any, version: int | None, *more: str) -> Any:
        kept = self.get_backend_timeout(timeout)
        expiry = () if kept is None else ("EXAT", int(kept))
        return self._ask("SET", self.make_and_validate_key(key, version), self._serializer.dumps(value), *expiry, *more)

    def _ask(self, *parts: object) -> Any:
        if self._connection is None:
            self._connection = socket.create_connection(self._address)
            self._answers = self._connection.makefile("rb")
        encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
        lengths = [b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded]
        self._connection.sendall(b"*%d\r\n" % len(encoded) + b"".join(lengths))
        return self._answer()

    def _answer(self) -> Any:
        """A simple string, an integer or a bulk string of the protocol; None for null."""
        assert self._answers is not None
        line = self._answers.readline()
        kind, content = line[:1], line[1:-2]
        if kind == b"$":
            return None if content == b"-1" else self._answers.read(int(content) + 2)[:-2]
        if kind == b":":
            return int(content)
        if kind != b"+":
            raise ConnectionError(line.decode() or "the connection was closed")
        return content
