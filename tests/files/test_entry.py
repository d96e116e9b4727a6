import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from downtime.files import trusted_path
from downtime.files.entry import Entry


@pytest.fixture(params=["with descriptors of folders", "without"])
def entry(request: pytest.FixtureRequest, file: Path) -> Iterator[Entry]:
    """The entry of the file, on a system of either kind."""
    folder = os.open(file.parent, os.O_RDONLY) if request.param != "without" else None
    with closing(Entry(folder, str(file))) as entry:
        yield entry


def test_a_file_is_opened_moved_and_removed(entry: Entry, file: Path) -> None:
    other = entry.sibling("other")
    os.close(other.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    assert sorted(entry.names()) == ["downtime.yml", "other"]
    entry.move_to(other)
    other.sync_folder()
    assert (file.parent / "other").read_bytes() == b"old"
    assert entry.status() is None
    other.remove()
    assert entry.names() == []
    with pytest.raises(FileNotFoundError):
        other.remove()


def test_a_folder_is_removed_if_it_is_empty(entry: Entry, file: Path) -> None:
    (file.parent / "folder" / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match="not empty"):
        entry.sibling("folder").remove()
    (file.parent / "folder" / "inner").rmdir()
    entry.sibling("folder").remove()
    assert entry.names() == ["downtime.yml"]


def test_a_link_is_not_followed(entry: Entry, file: Path) -> None:
    (file.parent / "link").symlink_to("downtime.yml")
    link = entry.sibling("link")
    with pytest.raises(OSError, match="Too many levels"):
        link.open(os.O_RDONLY)
    status = link.status()
    assert status is not None
    assert status.st_ino == (file.parent / "link").lstat().st_ino
    link.remove()
    assert file.read_bytes() == b"old"


def test_the_folder_is_known(entry: Entry, file: Path) -> None:
    assert entry.name == "downtime.yml"
    assert os.path.samestat(entry.folder_status(), file.parent.stat())


def test_a_folder_that_cannot_be_listed_has_no_names(file: Path) -> None:
    nowhere = Entry(None, str(file.parent / "none" / "downtime.yml"))
    assert nowhere.names() == []
    nowhere.sync_folder()


def test_what_is_done_is_done_in_the_folder_that_was_opened_wherever_its_path_leads_by_then(file: Path) -> None:
    with closing(trusted_path.unfollowed(str(file))) as entry:
        file.parent.rename(file.parent.with_name("moved"))
        file.parent.mkdir()
        file.write_bytes(b"other")
        entry.remove()
    assert file.read_bytes() == b"other"
    assert os.listdir(file.parent.with_name("moved")) == []
