"""Distinguishes a finished file from one that is still being written: half a schedule is often valid too."""

from __future__ import annotations

from dataclasses import dataclass, replace

from downtime.files.disk import Fingerprint

# On kernels before 6.13 a second write within the same clock tick of 4 ms leaves no trace in the fingerprint.
_YOUNG_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Stability:
    """Which state of a file was seen last, which was taken over, and when the one seen may be read.

    Each state is a fingerprint, or None for no file; moments are in seconds on the monotonic clock."""

    seen: Fingerprint | None
    taken: Fingerprint | None
    stable_at: float = 0.0
    """When the state that was seen will have lasted long enough."""
    reread_at: float | None = None
    """When to read the taken state once more, although the fingerprint is the same."""

    @property
    def due(self) -> float | None:
        """When the file has to be read; None if there is nothing new."""
        return self.stable_at if self.seen != self.taken else self.reread_at

    def is_due(self, *, at: float) -> bool:
        """Whether the file has to be read at that moment."""
        return self.due is not None and at >= self.due

    @property
    def is_reread(self) -> bool:
        """Whether the read that is due repeats that of the state that was taken over."""
        return self.seen == self.taken and self.reread_at is not None

    def look(self, fingerprint: Fingerprint | None, *, stable_at: float) -> Stability:
        """The state after a look at the file; a change has to last until `stable_at`."""
        return self if fingerprint == self.seen else replace(self, seen=fingerprint, stable_at=stable_at)

    def finish(self, at_ns: int, *, now: float) -> Stability:
        """The state after a writer finished the file at `at_ns`, wall clock: what is due is due by `now`.

        A file that was written to since then, or that is gone, still has to hold still."""
        if self.seen is None or self.seen.changed_ns > at_ns:
            return self
        return replace(self, stable_at=now, reread_at=None if self.reread_at is None else now)

    def take(self, fingerprint: Fingerprint | None, *, reread_at: float | None) -> Stability:
        """The state after that fingerprint was read and taken over; another may have been seen since."""
        return replace(self, taken=fingerprint, reread_at=reread_at)


def is_young(fingerprint: Fingerprint | None, now_ns: int) -> bool:
    """Whether it was written so soon before `now_ns`, wall clock, that another write could leave no trace."""
    return fingerprint is not None and now_ns - max(fingerprint.modified_ns, fingerprint.changed_ns) < _YOUNG_NS
