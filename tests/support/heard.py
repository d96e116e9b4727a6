"""What a watch reported."""

from pathlib import Path


class Heard(list[tuple[str, bool]]):
    """Each reported path, and whether its writer has finished it."""

    def note(self, path: str, is_finished: bool) -> None:
        self.append((path, is_finished))

    def of(self, path: Path) -> list[bool]:
        return [is_finished for heard, is_finished in self if heard == str(path)]
