from html.parser import HTMLParser

import pytest

from downtime.http.built_in_page import BUILT_IN_PAGE, NOT_SAVED


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


@pytest.mark.parametrize("page", [BUILT_IN_PAGE, BUILT_IN_PAGE.replace("</main>", NOT_SAVED)], ids=["read", "sent"])
def test_the_page_is_whole_and_asks_for_nothing(page: str) -> None:
    assert Tags(page).names[:3] == ["html", "head", "meta"]
    assert Tags(page).asked == []
    assert page.count("</main>") == 1
