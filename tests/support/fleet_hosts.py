"""Hosts of a fleet in this process, which look whenever a command sleeps."""

from pathlib import Path

from downtime.fleet.channel import Channel
from downtime.fleet.flag_keeper import FlagKeeper
from downtime.fleet.follower import Follower


class Hosts:
    """Followers on one channel, each with a flag in a folder of its name."""

    def __init__(self, channel: Channel, folder: Path) -> None:
        self._channel, self._folder = channel, folder
        self.followers: dict[str, Follower] = {}

    def add(self, *names: str) -> None:
        """Adds hosts, which announce themselves."""
        for name in names:
            (self._folder / name).mkdir()
            keeper = FlagKeeper(str(self.flag(name)), lambda text: ())
            own_flags = (str(self._folder / name / "own.flag"),)
            self.followers[name] = Follower(self._channel, keeper, name, own_flags)
            self.followers[name].poll()

    def flag(self, name: str) -> Path:
        """The flag of the fleet on that host."""
        return self._folder / name / "fleet.flag"

    def own_flag(self, name: str) -> Path:
        """The host's own flag."""
        return self._folder / name / "own.flag"

    def look(self, seconds: float = 0) -> None:
        """Lets all of them look, instead of sleeping for that long."""
        for follower in self.followers.values():
            follower.poll()
