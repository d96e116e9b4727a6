"""What a kubelet does to the volume of a ConfigMap, step by step, without a cluster."""

import json
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path


def merged(data: Mapping[str, str], patch: str) -> dict[str, str]:
    """The data of a ConfigMap after `kubectl patch --type merge` with that patch."""
    changes = json.loads(patch)["data"]
    return {key: value for key, value in {**data, **changes}.items() if value is not None}


class Volume:
    """A folder in which each key is a link through `..data`, which is a link to the folder of the values."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data: dict[str, str] = {}
        self._numbers = count()
        folder.mkdir(parents=True)

    def show(self, data: Mapping[str, str]) -> None:
        """Makes it hold these keys: makes a new folder, replaces the link, adds new links, and removes stale ones."""
        shown = self.folder / "..data"
        old = shown.resolve() if shown.is_symlink() else None
        new = self.folder / f"..2026_12_01_02_00_00.{next(self._numbers)}"
        new.mkdir()
        for key, value in data.items():
            (new / key).write_text(value)
        moved = self.folder / "..data_tmp"
        moved.symlink_to(new.name)
        moved.replace(shown)
        for key in data.keys() - self.data.keys():
            (self.folder / key).symlink_to(f"..data/{key}")
        for key in self.data.keys() - data.keys():
            (self.folder / key).unlink()
        if old:
            shutil.rmtree(old)
        self.data = dict(data)
