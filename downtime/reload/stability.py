"""Is this change of a file finished? Half of a schedule is often a valid one, so a parse error protects nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace

from downtime.files.disk import Fingerprint

# On kernels before 6.13 a second write within the same clock tick of 4 ms leaves no trace in the fingerprint.
_YOUNG_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Stability:
    """What was last seen of a file, until when it has to stay so, and which of its states was taken over."""

    seen: Fingerprint | None
    taken: Fingerprint | None
    still: float = 0.0
    """When what was seen will have held still for long enough, monotonic seconds."""
    again: float | None = None
    """When to read once more although the fingerprint stays, monotonic seconds."""

    def look(self, found: Fingerprint | None, *, still: float) -> Stability:
        """The state after a look at the file; a change has to hold still until `still`, monotonic seconds."""
        return self if found == self.seen else replace(self, seen=found, still=still)

    @property
    def due(self) -> float | None:
        """When the file has to be read, monotonic seconds; None while there is nothing new."""
        return self.still if self.seen != self.taken else self.again

    def is_finished(self, finished_ns: int) -> bool:
        """Whether its writer was seen to finish it at that wall-clock time, with nothing written since."""
        return self.seen is not None and self.seen.changed_ns <= finished_ns

    def take(self, *, again: float | None) -> Stability:
        """The state after what was seen has been read; `again` is when to read it once more, monotonic seconds."""
        return replace(self, taken=self.seen, again=again)

    def is_young(self, now_ns: int) -> bool:
        """Whether it was written so shortly before that wall-clock time that another write could have left no trace."""
        return self.seen is not None and now_ns - max(self.seen.modified_ns, self.seen.changed_ns) < _YOUNG_NS
