"""The language server of YAML that VS Code and other editors use, and what it says of a text."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.npm import LANGUAGE_SERVER, installed
from tests.support.programs import located

_ASKED = {"settings": {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}}


class LanguageServer:
    """The server, while it is entered; it is spoken to as the Language Server Protocol says."""

    def __init__(self, folder: Path) -> None:
        program = installed(folder, LANGUAGE_SERVER) / "yaml-language-server" / "bin" / "yaml-language-server"
        self._process = subprocess.Popen(
            ["timeout", "300", located("node"), str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._number = 0
        self._folder = folder
        self._uri = ""

    def __enter__(self) -> LanguageServer:
        what = {"contentFormat": ["plaintext"]}
        capabilities = {
            "textDocument": {"hover": what, "publishDiagnostics": {}},
            "workspace": {"configuration": False},
        }
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", _ASKED)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def open(self, text: str) -> list[tuple[int, str]]:
        """What the server complains of in the text, which is the open one from now on: lines, from 1, and messages."""
        self._number += 1
        self._uri = (self._folder / f"{self._number}.yml").as_uri()
        document = {"uri": self._uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._next()
            told = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and told["uri"] == self._uri:
                return [(one["range"]["start"]["line"] + 1, one["message"]) for one in told["diagnostics"]]

    def completions(self, line: int, column: int) -> set[str]:
        """What it offers to complete the open text with, at that line and column, both from 1."""
        offered = self._ask("textDocument/completion", self._at(line, column))
        return {one["label"] for one in offered["items"]}

    def hover(self, line: int, column: int) -> str:
        """What it shows of the word there."""
        shown = self._ask("textDocument/hover", self._at(line, column))
        return str(shown["contents"]["value"])

    def _at(self, line: int, column: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self._uri}, "position": {"line": line - 1, "character": column - 1}}

    def _tell(self, method: str, parameters: object, **more: object) -> None:
        content = json.dumps({"jsonrpc": "2.0", "method": method, "params": parameters, **more}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._process.stdin.flush()

    def _ask(self, method: str, parameters: object) -> Any:
        self._number += 1
        number = self._number
        self._tell(method, parameters, id=number)
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                return message["result"]

    def _next(self) -> dict[str, Any]:
        """The next message of the server."""
        assert self._process.stdout is not None
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        content = self._process.stdout.read(length)
        assert content, "the language server has ended"
        message: dict[str, Any] = json.loads(content)
        return message
