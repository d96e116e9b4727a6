"""Searches for the moments of a cron expression; the only importer of cronsim, which the extra [cron] installs."""

from __future__ import annotations

from collections.abc import Callable

from cronsim import CronSim, CronSimError

__all__ = ["CronSearch", "CronSimError"]


class CronSearch(CronSim):
    """A CronSim that always goes on in its direction; near some clock changes, CronSim goes back and forth forever.

    It sets minutes and seconds on the wall clock, which may take it back across a change. So "45 */3 * * *" never
    ended in Pacific/Chatham, and "0 * * * SAT" never ended backwards in America/Nuuk (cronsim 2.7 and 2.8)."""

    def advance_hour(self) -> bool:
        """Rolls forward to an hour of the expression; False if the moment is in one."""
        return self._kept(super().advance_hour, 3600 - self.dt.minute * 60 - self.dt.second)

    def reverse_hour(self) -> bool:
        """Rolls backward to an hour of the expression; False if the moment is in one."""
        return self._kept(super().reverse_hour, self.dt.minute * 60 + self.dt.second + 1)

    def reverse_day(self) -> bool:
        """Rolls backward to a day of the expression; False if the moment is on one."""
        return self._kept(super().reverse_day, self.dt.hour * 3600 + self.dt.minute * 60 + self.dt.second + 1)

    def _kept(self, move: Callable[[], bool], seconds: int) -> bool:
        """Whether the move has changed the moment; one in the wrong direction is replaced by that many seconds."""
        before, has_moved = self.dt, move()
        if before.tzinfo and (self.dt.timestamp() - before.timestamp()) * self.tick_direction < 0:
            self.dt = before
            self.tick(seconds)
        return has_moved
