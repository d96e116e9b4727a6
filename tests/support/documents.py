"""A web server with one document, which answers as a test says."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

ELSEWHERE = "/elsewhere.txt"


class Answer(NamedTuple):
    """A status (0 for no answer), the document and its ETag, and how many of its bytes are missing."""

    status: int
    text: str
    tag: str
    missing: int = 0


class Documents:
    """The server, which runs inside the block."""

    def __init__(self) -> None:
        self.answer = Answer(404, "", "")
        self.statuses: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/downtime.txt"

    def __enter__(self) -> Documents:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops the server, so nobody listens."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        documents = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = documents.answer
                # A client that follows a redirect gets the document there.
                status = 200 if self.path == ELSEWHERE else answer.status
                if status == 200 and self.headers["If-None-Match"] == answer.tag:
                    status = 304
                documents.statuses.append(status)
                if not status:
                    return
                self.send_response(status)
                self.send_header("ETag", answer.tag)
                if status == 302:
                    self.send_header("Location", ELSEWHERE)
                body = b"" if status == 304 else answer.text.encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) - answer.missing] if body else body)

            def log_message(self, *message: object) -> None:
                pass

        return Handler
