import os
from collections.abc import Callable
from pathlib import Path

import pytest

from downtime.reload.path_resolution import steps


def places(path: Path, root: Path) -> set[str]:
    """The steps below `root`, each as folder/name."""
    found = steps(str(path))
    for step in found:
        assert step.folder == os.path.realpath(step.folder)
        status = os.stat(step.folder)
        assert step.identity == (status.st_dev, status.st_ino)
    return {os.path.relpath(os.path.join(step.folder, step.name), root) for step in found}


def plain(root: Path) -> str:
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/file").touch()
    return "a/b/file"


def missing(root: Path) -> str:
    (root / "a").mkdir()
    return "a/file"


def missing_folder(root: Path) -> str:
    (root / "a").mkdir()
    return "a/b/c/file"


def below_a_file(root: Path) -> str:
    (root / "a").touch()
    return "a/file"


def linked(root: Path) -> str:
    (root / "etc").mkdir()
    (root / "etc/file").touch()
    (root / "file").symlink_to(root / "etc/file")
    return "file"


def chained(root: Path) -> str:
    (root / "first").symlink_to("second")
    (root / "second").symlink_to("third")
    return "first"


def linked_folder(root: Path) -> str:
    (root / "releases/1").mkdir(parents=True)
    (root / "releases/1/file").touch()
    (root / "current").symlink_to("releases/1")
    return "current/file"


def config_map(root: Path) -> str:
    (root / "..2026_12_01").mkdir()
    (root / "..2026_12_01/file").touch()
    (root / "..data").symlink_to("..2026_12_01")
    (root / "file").symlink_to("..data/file")
    return "file"


def beside_the_target_of_a_link(root: Path) -> str:
    (root / "releases/1").mkdir(parents=True)
    (root / "releases/file").touch()
    (root / "current").symlink_to("releases/1")
    (root / "file").symlink_to("current/../file")
    return "file"


def far_away(root: Path) -> str:
    folder = root / "/".join("abcdefghijklmnopqrstuvwxyz" * 2)
    folder.mkdir(parents=True)
    (root / "file").symlink_to(folder / "./target")
    return "file"


SHAPES: dict[str, tuple[Callable[[Path], str], set[str]]] = {
    "a file": (plain, {"a/b/file"}),
    "a missing file": (missing, {"a/file"}),
    "a missing folder": (missing_folder, {"a/b"}),
    "below a file": (below_a_file, {"a"}),
    "a link": (linked, {"file", "etc/file"}),
    "a chain of links to nowhere": (chained, {"first", "second", "third"}),
    "a folder that is a link": (linked_folder, {"current", "releases/1/file"}),
    "a ConfigMap": (config_map, {"file", "..data", "..2026_12_01/file"}),
    "beside the target of a link": (beside_the_target_of_a_link, {"file", "current", "releases/file"}),
    "a link to far away": (far_away, {"file", "/".join("abcdefghijklmnopqrstuvwxyz" * 2) + "/target"}),
}


@pytest.mark.parametrize(("shape", "expected"), SHAPES.values(), ids=SHAPES)
def test_each_place_at_which_the_path_can_be_made_to_lead_elsewhere_is_a_step(
    tmp_path: Path, shape: Callable[[Path], str], expected: set[str]
) -> None:
    path = tmp_path / shape(tmp_path)
    assert places(path, tmp_path) == expected
    leads_to = os.path.realpath(path)
    assert not os.path.exists(leads_to) or os.path.relpath(leads_to, tmp_path) in expected


def test_the_last_step_is_the_last_link_that_there_is_before_a_loop(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert places(tmp_path / "a", tmp_path) == {"a", "b"}


def test_a_folder_made_anew_is_another_step(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    before = steps(str(folder / "file"))
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert steps(str(folder / "file")) != before


def test_the_root_has_no_step() -> None:
    assert steps("/") == frozenset()


def test_a_relative_path_begins_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert steps("file") == steps(str(tmp_path / "file"))
