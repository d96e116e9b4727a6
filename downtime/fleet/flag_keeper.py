"""Makes the fleet's flag of this host what was published, and says so in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from downtime.files import disk, flag_file
from downtime.files.atomic_write import CannotWrite
from downtime.files.disk import Fingerprint
from downtime.files.harmless import one_line
from downtime.fleet.documents import Publication

logger = logging.getLogger(__name__)


class FlagKeeper:
    """Keeps one flag, which nobody else should change."""

    def __init__(self, path: str, keep_page: Callable[[str | None], Iterable[str]]) -> None:
        """`keep_page` keeps the page of a flag with that text, or the neutral one, and returns what went wrong."""
        self._path, self._keep_page = path, keep_page
        self._kept: tuple[tuple[int, str], Fingerprint | None] | None = None
        """Which publication the flag follows, and what it looked like then."""
        self.trouble = ""
        """Why the flag is not what it should be; empty if it is."""

    def keep(self, publication: Publication) -> None:
        """Raises, updates or lowers the flag unless it is as published; what can't be done is logged once."""
        trouble = ""
        try:
            self._keep(publication)
        except CannotWrite as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"{self._path} can't be looked at: {disk.reason(error)}"
        if trouble and trouble != self.trouble:
            logger.error("the flag of the fleet is not as published: %s", one_line(trouble))
        self.trouble = trouble

    def _keep(self, publication: Publication) -> None:
        found = disk.entry_fingerprint(self._path)
        if self._kept == (publication.key, found):
            return
        if not self._is_as_published(publication, found):
            is_new = self._kept is None or self._kept[0] != publication.key
            self._write(publication)
            logger.warning(
                "the flag of the fleet is %s: %s%s",
                "lowered" if publication.flag is None else "raised",
                one_line(f"publication {publication.serial} by {publication.by}"),
                "" if is_new else "; somebody else had changed it",
            )
        self._kept = (publication.key, disk.entry_fingerprint(self._path))

    def _is_as_published(self, publication: Publication, found: Fingerprint | None) -> bool:
        if publication.flag is None or found is None:
            return publication.flag is None and found is None
        return flag_file.is_written(self._path, publication.flag, publication.at)

    def _write(self, publication: Publication) -> None:
        if publication.flag is None:
            flag_file.lower_flag(self._path)
        # As soon as the flag is there, a front server may show the page.
        for trouble in self._keep_page(publication.flag):
            logger.warning("%s", one_line(trouble))
        if publication.flag is not None:
            flag_file.raise_flag(self._path, publication.flag, modified_at=publication.at)
