"""PyYAML's loader in Python, made to take and refuse what libyaml does, so that a file means the same on every host."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, digits
from typing import Any, TypeVar

import yaml
from yaml.nodes import ScalarNode
from yaml.reader import ReaderError
from yaml.scanner import ScannerError
from yaml.tokens import DirectiveToken, ScalarToken, TagToken

T = TypeVar("T")
_BREAKS = "\r\n\x85\u2028\u2029"
_BLANK_OR_END = f"\0 \t{_BREAKS}"
_OF_HANDLE = frozenset(f"{ascii_letters}{digits}-_")


class PureLoader(yaml.BaseLoader):
    """Where the two differ, in tabs, plain scalars and byte order marks, this follows libyaml 0.2.5."""

    def check_printable(self, data: str) -> None:
        """Refuses a character that YAML does not allow, in libyaml's words, and with its place in bytes."""
        try:
            super().check_printable(data)
        except ReaderError as error:
            error.position = len(data[: error.position].encode("utf-8", "surrogatepass"))
            error.reason = "control characters are not allowed"
            raise

    def compose_scalar_node(self, anchor: Any) -> ScalarNode:
        """The node, with libyaml's style for a plain one: an empty text instead of None."""
        node = super().compose_scalar_node(anchor)
        node.style = node.style or ""
        return node

    def process_directives(self) -> object:
        """The directives; only YAML 1.1 and 1.2 are accepted."""
        value: object = super().process_directives()  # type: ignore[no-untyped-call]
        if self.yaml_version not in (None, (1, 1), (1, 2)):
            raise self._error("found incompatible YAML document")
        return value

    def scan_directive(self) -> DirectiveToken:
        """The directive here, which may hold tabs in place of spaces."""
        return self._with_spaces_for("\t", super().scan_directive)

    def scan_directive_name(self, start_mark: yaml.Mark) -> str:
        """The name of the directive here, which is YAML or TAG."""
        name = str(super().scan_directive_name(start_mark))  # type: ignore[no-untyped-call]
        if name not in ("YAML", "TAG"):
            raise self._error("found unknown directive name")
        return name

    def scan_yaml_directive_value(self, start_mark: yaml.Mark) -> tuple[int, int]:
        """YAML's version, which a comment may follow without a space."""
        while self.peek() == " ":
            self.forward()
        if self.peek() == "#":
            raise self._error("did not find expected version number")
        return self._with_spaces_for("#", super().scan_yaml_directive_value, start_mark)

    def scan_to_next_token(self) -> None:
        """Skips to the next token, over a byte order mark, and over tabs except where they would indent."""
        if self.index == 0 and self.peek() == "\ufeff":
            self.forward()
        while True:
            while self.peek() == " " or (self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in f"\0{_BREAKS}":
                    self.forward()
            if not self._line_break():
                return
            self.allow_simple_key = self.allow_simple_key or not self.flow_level

    def scan_plain(self) -> ScalarToken:
        """The plain scalar here, which may hold tabs, and a question mark in a flow collection too."""
        start, indent, text, gap = self.get_mark(), self.indent + 1, "", ""
        end = start
        while not self._is_document_marker() and self.peek() != "#":
            length = self._plain_length()
            if length:
                text += gap + self.prefix(length)
                self.forward(length)
                end = self.get_mark()
                self.allow_simple_key = False
            if self.peek() == "\0" or self.peek() not in _BLANK_OR_END:
                break
            gap = self._gap(indent)
            if not self.flow_level and self.column < indent:
                break
        return ScalarToken(text, True, start, end)

    def _is_document_marker(self) -> bool:
        return self.column == 0 and self.prefix(3) in ("---", "...") and self.peek(3) in _BLANK_OR_END

    def _plain_length(self) -> int:
        length = 0
        while (character := self.peek(length)) not in _BLANK_OR_END:
            if self.flow_level and character in ",[]{}":
                break
            if character == ":" and (behind := self.peek(length + 1)) in _BLANK_OR_END:
                break
            if character == ":" and self.flow_level and behind in ",?[]{}":
                raise self._error("found unexpected ':'")
            length += 1
        return length

    def _gap(self, indent: int) -> str:
        """What the blanks and line breaks here stand for within a plain scalar."""
        blanks, breaks = "", []
        while (character := self.peek()) != "\0" and character in _BLANK_OR_END:
            if character in _BREAKS:
                breaks.append(self._line_break())
                self.allow_simple_key = True
                continue
            if breaks and character == "\t" and self.column < indent:
                raise self._error("found a tab character that violates indentation")
            blanks += character
            self.forward()
        if not breaks:
            return blanks
        first, *others = breaks
        return "".join(others) or " " if first == "\n" else "".join(breaks)

    def scan_tag(self) -> TagToken:
        """The tag here, which a tab may follow, and which may hold no flow indicator."""
        token = self._with_spaces_for("\t", super().scan_tag)
        handle, suffix = token.value
        if handle and set(",[]") & set(suffix):
            raise self._error("did not find expected whitespace or line break")
        return token

    def scan_tag_handle(self, name: str, start_mark: yaml.Mark) -> str:
        """The handle of a tag, which is a mere exclamation mark if the next one comes only further on."""
        length = 1
        while self.peek(length) in _OF_HANDLE:
            length += 1
        if name == "tag" and self.peek(length) != "!":
            self.forward()
            return "!"
        return str(super().scan_tag_handle(name, start_mark))  # type: ignore[no-untyped-call]

    def scan_block_scalar_indicators(self, start_mark: yaml.Mark) -> tuple[bool | None, int | None]:
        """How a block scalar is chomped and indented, which a tab or a comment may follow."""
        return self._with_spaces_for("\t#", super().scan_block_scalar_indicators, start_mark)

    def scan_block_scalar_ignored_line(self, start_mark: yaml.Mark) -> None:
        """Skips the rest of the line, including a comment after tabs."""
        self._with_spaces_for("\t", super().scan_block_scalar_ignored_line, start_mark)

    def _with_spaces_for(self, characters: str, scan: Callable[..., T], *args: yaml.Mark) -> T:
        peek = self.peek
        outer = vars(self).pop("peek", None)
        vars(self)["peek"] = lambda index=0: " " if peek(index) in characters else peek(index)
        try:
            return scan(*args)
        finally:
            del vars(self)["peek"]
            vars(self).update({"peek": outer} if outer else {})

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, yaml.Mark]:
        """The indentation of a block scalar, which no tab may continue."""
        found = super().scan_block_scalar_indentation()
        if self.peek() == "\t":
            raise self._error("found a tab character where an indentation space is expected")
        return found

    def _line_break(self) -> str:
        return str(self.scan_line_break())  # type: ignore[no-untyped-call]

    def _error(self, problem: str) -> ScannerError:
        return ScannerError(None, None, problem, self.get_mark())
