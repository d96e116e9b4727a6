from html.parser import HTMLParser

import pytest

from downtime.http.built_in_page import BUILT_IN_PAGE, built_in_page


class Tags(HTMLParser):
    """The names of the tags, and the addresses that they ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.asked: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.asked += [value for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("was_sent", [False, True], ids=["read", "sent"])
@pytest.mark.parametrize("message", ["", "Back at four."], ids=["no message", "message"])
def test_the_page_is_whole_and_asks_for_nothing(message: str, was_sent: bool) -> None:
    page = built_in_page(message, was_sent=was_sent)
    assert Tags(page).names[:3] == ["html", "head", "meta"]
    assert Tags(page).asked == []
    assert page.count("</main>") == 1
    assert ("not saved" in page) is was_sent
    assert message in page


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Back <b>soon</b>", "<p>Back &lt;b&gt;soon&lt;/b&gt;</p>"),
        ("Zurück", "<p>Zurück</p>"),
        ("a\ud800b", "<p>a?b</p>"),
    ],
    ids=["markup", "letters", "half a surrogate pair"],
)
def test_the_message_is_shown_and_does_nothing(message: str, shown: str) -> None:
    assert shown in built_in_page(message, was_sent=False)
    built_in_page(message, was_sent=False).encode()


def test_without_a_message_it_is_always_the_same() -> None:
    assert built_in_page("", was_sent=False) == BUILT_IN_PAGE
