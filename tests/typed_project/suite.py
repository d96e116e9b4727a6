"""The test suite of the site."""

from collections.abc import Iterator
from datetime import timedelta

from django.test import SimpleTestCase
from django.utils import timezone

from downtime.test import site_down

an_hour = site_down(end=timezone.now() + timedelta(hours=1))


@site_down(message="Back at four.")
class DownTest(SimpleTestCase):
    """While the site is down."""

    def test_the_view_of_the_site_answers(self) -> None:
        """It has the message."""
        self.assertContains(self.client.get("/"), "Sorry: Back at four.", status_code=503)

    async def test_exempt_views_pass(self) -> None:
        """Whatever they are."""
        self.assertContains(await self.async_client.get("/health/"), "down")
        self.assertContains(await self.async_client.get("/about/"), "Back at four.")
        self.assertContains(await self.async_client.get("/?tester"), "front page")


class UpTest(SimpleTestCase):
    """While it is up."""

    @site_down(read_only=True, paths=["/search"])
    async def test_what_only_reads_passes_even_if_it_is_posted(self) -> None:
        """The other half of the site is up."""
        self.assertContains(await self.async_client.post("/search/words/"), "words")

    @an_hour
    def test_the_end_is_told(self) -> None:
        """By the view of the site."""
        self.assertContains(self.client.get("/"), "Sorry: back at ", status_code=503)

    async def test_both_kinds_of_with(self) -> None:
        """Each for a block."""
        async with site_down():
            self.assertContains(await self.async_client.get("/"), "Sorry", status_code=503)
        with an_hour:
            self.assertContains(await self.async_client.get("/"), "Sorry", status_code=503)
        self.assertContains(await self.async_client.get("/"), "front page")


def wrong() -> Iterator[site_down]:
    """What is not promised is an error for mypy; if it were not, the comment would be one."""
    yield site_down(4)  # type: ignore[arg-type]
    yield site_down(paths=5)  # type: ignore[arg-type]
    yield site_down(until=timezone.now())  # type: ignore[call-arg]
