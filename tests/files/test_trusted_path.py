"""Where a path leads; whom root trusts on the way is in tests/security/test_two_users.py."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from downtime.files import trusted_path
from downtime.files.trusted_path import followed, unfollowed


@pytest.fixture(autouse=True, params=["with descriptors of folders", "without"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system of either kind."""
    if request.param == "without":
        monkeypatch.setattr(trusted_path, "_HAS_FOLDER_DESCRIPTORS", False)


LINKS = {
    "file": "folder/downtime.yml",
    "relative": "folder/downtime.yml",
    "absolute": "{}/folder/downtime.yml",
    "chain": "relative",
    "chain to a folder": "through/downtime.yml",
    "up and down": "through/../folder/./downtime.yml",
    "with slashes": "folder//downtime.yml",
    "dangling": "folder/none",
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_path_leads_where_the_system_says(file: Path, kind: str) -> None:
    top = file.parent.parent
    (top / "through").symlink_to("folder")
    (top / "relative").symlink_to(LINKS["relative"])
    link = top / "link"
    link.symlink_to(LINKS[kind].format(top))
    for path in (str(link), os.path.relpath(link), f"{top}/through/../link"):
        with closing(followed(path)) as entry:
            assert entry.path == os.path.realpath(link)
            status = entry.status()
            assert (status and status.st_ino) == (None if kind == "dangling" else file.stat().st_ino)
    with closing(unfollowed(str(link))) as entry:
        assert (entry.path, entry.name) == (str(link), "link")


def test_links_to_the_folder_are_followed_for_both(file: Path) -> None:
    through = file.parent.parent / "through"
    through.symlink_to(file.parent)
    for find in (followed, unfollowed):
        with closing(find(str(through / "downtime.yml"))) as entry:
            assert os.path.samestat(entry.folder_status(), file.parent.stat())


def test_the_folder_of_all_is_an_entry_of_itself() -> None:
    with closing(followed("/")) as entry:
        assert os.path.samestat(entry.folder_status(), os.stat("/"))
