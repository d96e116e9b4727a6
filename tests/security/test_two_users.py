"""What the site's user, who owns the folder of the files, can't make root's commands do.

Root writes in that folder, and nowhere else: it follows no link that the site's user made to something else, and gives
away, or changes the permissions of, only what it has just created."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import pytest_django
from django.core.management import CommandError, call_command

from downtime.files import permissions, trusted_path
from downtime.files.atomic_write import CannotWrite, remove_unfollowed, replace, replace_unfollowed
from downtime.files.lock import locked
from downtime.management.editor import with_copy
from tests.support.commands import NEW, periods, refusal, run
from tests.support.harness import Site
from tests.support.programs import ROOT
from tests.support.users import ACL, AS_NOBODY, NOBODY, acl, as_nobody, being_nobody, run_as_nobody, start_as_nobody

ADD = ("downtime_schedule", *NEW)
TEXT = "# top\nperiods:\n- name: old\n  start: 2020-01-01\n"
COMMANDS = [ADD, ("downtime_cancel", "old"), ("downtime_end", "--no-wait"), ("downtime_start", "--no-wait")]

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("as_root")]


@pytest.fixture
def site(public_folder: Path, settings: pytest_django.Settings) -> Site:
    """A site whose files lie in a folder of the other user."""
    public_folder.chmod(0o755)
    site = Site(public_folder)
    os.chown(site.watched, NOBODY, NOBODY)
    settings.DOWNTIME_SCHEDULE_FILE, settings.DOWNTIME_FLAG_FILE = site.schedule, site.flag
    as_nobody(site.watched, f"printf %s '{TEXT}' > downtime.yml")
    return site


@pytest.fixture
def vault(public_folder: Path) -> Iterator[Path]:
    """A folder of root's that the other user can enter; nothing in it may change, whatever the other user does."""
    vault = public_folder / "vault"
    vault.mkdir()
    vault.joinpath("secret").write_text("periods: [] # secret\n")
    vault.joinpath("downtime.yml").write_text(TEXT)
    vault.joinpath("downtime.flag").write_text("of root")
    for path in vault.iterdir():
        path.chmod(0o640)
    before = contents(vault)
    yield vault
    assert contents(vault) == before


def contents(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that can be seen of a folder and its files, except for times and the number of names."""
    found = {}
    for path in (folder, *folder.iterdir()):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[path.name] = (status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_size, content)
    return found


# Each is done by the other user, except for what only root can do: then a system without fs.protected_hardlinks, say.
IN_THE_PLACE = {
    "link": "ln -s ../vault/secret {}",
    "dangling link": "ln -s ../vault/new {}",
    "link to a folder": "ln -s ../vault {}",
    "hard link": "ln ../vault/secret {}",
    "pipe": "mkfifo {}",
    "folder": "mkdir {}",
    "device": "mknod {} c 1 3",
}
BY_ROOT = ("hard link", "device")


def put(site: Site, kind: str, name: str) -> None:
    """Lets the other user put something in the place of a file."""
    script = f"rm -rf {name}; " + IN_THE_PLACE[kind].format(name)
    if kind in BY_ROOT:
        subprocess.run(["sh", "-euc", script], cwd=site.watched, check=True)
    else:
        as_nobody(site.watched, script)


@pytest.mark.parametrize("kind", IN_THE_PLACE)
def test_whatever_is_in_the_place_of_the_lock_is_replaced_and_what_it_leads_to_stays(
    site: Site, vault: Path, kind: str
) -> None:
    put(site, kind, ".downtime.yml.lock")
    if kind == "folder":
        assert refusal(*ADD) == (
            f"{site.watched}/.downtime.yml.lock can't be written: Is a directory; "
            "a folder is in its place: remove it first"
        )
        return
    run(*ADD)
    status = site.watched.joinpath(".downtime.yml.lock").lstat()
    assert stat.S_ISREG(status.st_mode)
    assert (status.st_uid, stat.S_IMODE(status.st_mode), status.st_nlink) == (NOBODY, 0o600, 1)
    assert [period.name for period in periods(site.schedule)] == ["old", "new"]
    assert run_as_nobody(site, [("downtime_cancel", "new")]) == [f"Cancelled new in {site.schedule}."]
    assert site.schedule.read_text() == TEXT


@pytest.mark.parametrize("command", COMMANDS[:3], ids=lambda command: command[0])
@pytest.mark.parametrize("kind", IN_THE_PLACE)
def test_whatever_is_in_the_place_of_the_schedule_root_writes_nothing_elsewhere(
    site: Site, vault: Path, kind: str, command: tuple[str, ...]
) -> None:
    put(site, kind, "downtime.yml")
    if kind == "hard link":
        run(*ADD)
        status = site.schedule.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode), status.st_nlink) == (0, 0o640, 1)
    else:
        with suppress(CommandError):  # nothing is to be ended in a file that has no periods
            run(*command)
        assert not (vault / "new").exists()


def test_root_follows_no_link_of_the_other_user_to_a_file_of_another_and_says_so(site: Site, vault: Path) -> None:
    as_nobody(site.watched, "ln -sf ../vault/downtime.yml downtime.yml")
    told = (
        f"{vault}/downtime.yml can't be written: {site.schedule} is a link of user {NOBODY} to {vault}/downtime.yml of "
        f"user 0, but root follows only its own links and those of the target's owner: run the command as user "
        f"{NOBODY}, or trust the link with chown -h root {site.schedule}; nothing was changed"
    )
    assert [refusal(*command).splitlines()[0] for command in COMMANDS[:3]] == [told] * 3
    assert os.listdir(site.watched) == ["downtime.yml"]


def test_a_link_through_another_is_judged_by_where_it_ends(site: Site, vault: Path) -> None:
    (site.folder / "roots").symlink_to(vault)
    as_nobody(site.watched, "ln -sf ../roots/downtime.yml downtime.yml")
    assert f"{site.schedule} is a link of user {NOBODY} to {vault}/downtime.yml of user 0" in refusal(*ADD)


@pytest.mark.parametrize("maker", [0, NOBODY], ids=["root", "the owner of the target"])
def test_root_follows_a_link_that_root_or_the_owner_of_the_target_made(site: Site, maker: int) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    link = elsewhere / "downtime.yml"
    link.symlink_to("../watched/downtime.yml")
    os.chown(link, maker, maker, follow_symlinks=False)
    with locked(str(link)) as entry:
        replace(entry, b"new")
    assert link.is_symlink()
    assert site.schedule.read_bytes() == b"new"


def test_root_makes_what_a_link_of_the_other_user_names_in_a_folder_of_that_user_only(site: Site, vault: Path) -> None:
    as_nobody(site.watched, "mkdir own; ln -sf own/new.yml downtime.yml")
    run(*ADD)
    assert (site.watched / "own" / "new.yml").is_file()
    as_nobody(site.watched, "ln -sf ../vault/new.yml downtime.yml")
    assert f"to {vault}/new.yml of user 0" in refusal(*ADD)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("link", ["vault", "../vault", "{vault}", "up/vault"])
def test_root_follows_no_link_in_the_place_of_the_folder(
    site: Site, vault: Path, settings: pytest_django.Settings, command: tuple[str, ...], link: str
) -> None:
    as_nobody(site.watched, "ln -s .. up")
    as_nobody(site.watched, f"ln -s {link.format(vault=vault)} site".replace(" vault ", " ../vault "))
    settings.DOWNTIME_SCHEDULE_FILE = site.watched / "site" / "downtime.yml"
    settings.DOWNTIME_FLAG_FILE = site.watched / "site" / "downtime.flag"
    told = refusal(*command)
    assert f"is a link of user {NOBODY} to {vault.parent}" in told
    assert "but root follows only its own links" in told


def test_a_flag_is_raised_and_lowered_under_its_own_name_whatever_is_in_its_place(site: Site, vault: Path) -> None:
    for kind in IN_THE_PLACE:
        put(site, kind, "downtime.flag")
        if kind != "folder":
            run("downtime_start", "--no-wait", "--message", "Back at four.")
            assert stat.S_ISREG(site.flag.lstat().st_mode)
            assert b"Back at four." in site.flag.read_bytes()
            put(site, kind, "downtime.flag")
        assert "Lowered the flag" in run("downtime_end", "--no-wait")
        assert not os.path.lexists(site.flag)
        as_nobody(site.watched, f"printf %s '{TEXT}' > own; mv own downtime.yml")  # which downtime_end has ended


@pytest.mark.parametrize("kind", IN_THE_PLACE)
def test_what_looks_like_a_temporary_file_is_taken_away_and_what_it_leads_to_stays(
    site: Site, vault: Path, kind: str
) -> None:
    put(site, kind, ".downtime.yml.0123456789ab.tmp")
    run(*ADD)
    assert sorted(os.listdir(site.watched)) == [".downtime.yml.lock", "downtime.yml"]


def test_root_makes_no_program_that_runs_as_another_user(site: Site) -> None:
    os.chown(site.schedule, 0, 0)  # as by a hard link to a program of root's
    site.schedule.chmod(0o7755)
    run(*ADD)
    assert stat.S_IMODE(site.schedule.stat().st_mode) == 0o755


SWAPPING = """
mkdir site other
: > site/downtime.yml
ln -s ../vault link
echo ready
while test -e go-on; do
    mv site aside; mv link site; mv site link; mv aside site
    cd site; ln -s ../../vault/secret .downtime.yml.lock 2> /dev/null || rm -f .downtime.yml.lock; cd ..
done
"""


def written(folder: Path, number: int) -> str:
    """What came of writing and removing files there."""
    try:
        with locked(str(folder / "downtime.yml"), timeout=0.2) as entry:
            replace(entry, b"# %d" % number)
        replace_unfollowed(str(folder / "downtime.flag"), b"")
        remove_unfollowed(str(folder / "downtime.flag"))
    except CannotWrite as error:
        return "is a link of user" if "is a link of user" in str(error) else "gone"
    return "written"


def test_root_writes_nothing_elsewhere_while_the_other_user_swaps_the_folder_and_the_lock_for_links(
    site: Site, vault: Path
) -> None:
    as_nobody(site.watched, ": > go-on")
    swapped = site.watched / "site"
    outcomes = set()
    with start_as_nobody(site.watched, SWAPPING) as shell:
        try:
            assert shell.stdout is not None
            assert shell.stdout.readline() == "ready\n"
            for number in range(2000):
                outcomes.add(written(swapped, number))
        finally:
            (site.watched / "go-on").unlink()
    assert {"written", "is a link of user"} <= outcomes


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_root_edits_no_copy_in_a_folder_in_which_the_other_user_could_swap_it(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int
) -> None:
    folder = site.watched / "tmp"
    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("EDITOR", f"touch '{tmp_path}/edited'; true")
    writable = folder if mode & 0o002 else site.watched
    assert refusal("downtime_edit") == (
        f"the copy can't be made in {folder}, as users other than root may write to {writable}; "
        "name a folder of root's own in TMPDIR"
    )
    assert os.listdir(folder) == []
    assert not (tmp_path / "edited").exists()


def flock(folder: Path, *, mode: str = "-x") -> subprocess.Popen[str]:
    """The other user, holding the lock if that can be."""
    return start_as_nobody(folder, f"flock -n {mode} .downtime.yml.lock sh -c 'echo held; read line' || echo kept out")


def test_who_may_only_read_cannot_hold_the_lock(site: Site) -> None:
    os.chown(site.watched, 0, 0)
    os.chown(site.schedule, 0, 0)
    with locked(str(site.schedule)):
        pass
    with flock(site.watched, mode="-s") as reader:
        assert reader.communicate(timeout=60)[0] == "kept out\n"


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o604])
def test_a_lock_that_a_reader_holds_is_replaced_and_not_waited_for(site: Site, mode: int) -> None:
    os.chown(site.watched, 0, 0)
    lock = site.watched / ".downtime.yml.lock"
    lock.touch()
    lock.chmod(mode)
    with flock(site.watched, mode="-s" if mode != 0o666 else "-x") as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "held\n"
        with locked(str(site.schedule), timeout=0):
            assert stat.S_IMODE(lock.stat().st_mode) == 0o600
        reader.communicate("\n", timeout=60)


@pytest.mark.parametrize(("owner", "mode"), [(0, 0o600), (NOBODY, 0o400), (NOBODY, 0)])
def test_a_lock_that_shuts_out_who_may_write_is_replaced(site: Site, owner: int, mode: int) -> None:
    lock = site.watched / ".downtime.yml.lock"
    lock.touch()
    os.chown(lock, owner, owner)
    lock.chmod(mode)
    assert run_as_nobody(site, [("downtime_cancel", "old")]) == [
        f"Cancelled old in {site.schedule}.",
        "The site is up.",
    ]
    status = lock.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (NOBODY, 0o600)


def test_a_lock_that_root_holds_and_shuts_out_who_may_write_is_waited_for(site: Site) -> None:
    lock = site.watched / ".downtime.yml.lock"
    lock.touch(0o600)
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        inode = lock.stat().st_ino
        with being_nobody(), pytest.raises(CannotWrite) as caught, locked(str(site.schedule), timeout=0.1):
            pytest.fail("the lock is held twice")
        assert str(caught.value).startswith(f"{lock} has been held by process {os.getpid()} (")
        assert lock.stat().st_ino == inode
    with being_nobody(), locked(str(site.schedule), timeout=1):
        assert lock.stat().st_uid == NOBODY


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o640])
def test_a_schedule_is_edited_again_and_again_by_its_owner_and_by_root_whatever_its_mode(site: Site, mode: int) -> None:
    site.schedule.chmod(mode)
    commands = [(*ADD[:1], f"new{number}", *ADD[2:]) for number in range(4)]
    run(*commands[0])
    for told in run_as_nobody(site, commands[1:3]):
        assert "can't" not in told
    run(*commands[3])
    assert len(periods(site.schedule)) == 5
    assert stat.S_IMODE(site.schedule.stat().st_mode) == mode


@pytest.mark.parametrize("raised_by", ["root", "nobody"])
def test_what_takes_the_site_down_through_a_link_is_what_brings_it_back(
    site: Site, vault: Path, settings: pytest_django.Settings, raised_by: str
) -> None:
    """Another host, or another release, looks at what the link named; it was never down."""
    target = site.watched / "target.flag"
    for link in ("target.flag", "../vault/downtime.flag"):
        as_nobody(site.watched, f": > none.yml; mv none.yml downtime.yml; ln -sf {link} downtime.flag")
        if raised_by == "root":
            run("downtime_start", "--no-wait")
        else:
            run_as_nobody(site, [("downtime_start", "--no-wait")])
        assert site.flag.is_file()
        assert not site.flag.is_symlink()
        assert not target.exists()
        assert run("downtime_end", "--no-wait").endswith("The site is up.\n")
        assert not os.path.lexists(site.flag)


@pytest.mark.parametrize("name", ["downtime.html", "downtime.json"])
@pytest.mark.parametrize("kind", [kind for kind in IN_THE_PLACE if kind != "hard link"])
def test_whatever_is_in_the_place_of_the_page_root_writes_nothing_elsewhere_and_the_site_goes_down(
    site: Site, vault: Path, settings: pytest_django.Settings, capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    settings.DOWNTIME_PAGE_FILE = site.watched / "downtime.html"
    put(site, kind, name)
    before = (site.watched / name).lstat()
    call_command("downtime_start", "--no-wait")
    assert site.flag.is_file()
    [told] = capsys.readouterr().err.splitlines()
    assert " can't be written: " in told
    assert (site.watched / name).lstat().st_ino == before.st_ino
    assert not (vault / "new").exists()
    call_command("downtime_end", "--no-wait")
    assert not os.path.lexists(site.flag)


def test_a_page_that_is_a_second_name_of_a_file_of_root_s_becomes_one_of_its_own(
    site: Site, vault: Path, settings: pytest_django.Settings
) -> None:
    settings.DOWNTIME_PAGE_FILE = site.watched / "downtime.html"
    put(site, "hard link", "downtime.html")
    run("downtime_start", "--no-wait")
    assert (site.watched / "downtime.html").stat().st_nlink == 1


def test_the_page_of_another_user_is_told_and_the_site_goes_down(site: Site, settings: pytest_django.Settings) -> None:
    """Root's page in the folder of the site's user, who may not give a new one to root."""
    page = site.watched / "downtime.html"
    environment = {**site.environment, "SITE_SETTINGS": json.dumps({"DOWNTIME_PAGE_FILE": str(page)})}
    page.write_text("root's")
    script = [sys.executable, "-c", f"commands = [('downtime_start', '--no-wait')]\n{AS_NOBODY}"]
    done = subprocess.run(script, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == (
        f"{page} can't be written: Operation not permitted; run the command as the file's owner, "
        "because the file keeps its owner.\n"
    )
    assert done.stdout.splitlines() == [
        f"Raised the flag {site.flag}: the site is down.",
        f"Wrote the page to {site.watched}/downtime.json.",
    ]
    assert site.flag.stat().st_uid == NOBODY
    assert page.read_text() == "root's"


# What root makes, and what one of the folder's group makes

FOLDERS = [(NOBODY, NOBODY, 0o700), (0, NOBODY, 0o750), (0, 0, 0o755), (NOBODY, 0, 0o500), (0, 0, 0o711)]


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o777])
@pytest.mark.parametrize(("owner", "group", "mode"), FOLDERS)
def test_what_root_makes_means_the_same_to_the_site_whatever_the_umask(
    site: Site, settings: pytest_django.Settings, owner: int, group: int, mode: int, umask: int
) -> None:
    site.schedule.unlink()
    settings.DOWNTIME_PAGE_FILE = site.watched / "downtime.html"
    os.chown(site.watched, owner, group)
    site.watched.chmod(mode)
    before = os.umask(umask)
    try:
        run("downtime_start", "--path", "/shop", "--for", "2h", "--no-wait")
        run("downtime_schedule", "now", "--start", "2020-01-01", "--end", "2099-01-01", "--no-wait")
    finally:
        os.umask(before)
    pages = [site.watched / "downtime.html", site.watched / "downtime.json"]
    for path in (site.flag, site.schedule, *pages):
        status = path.stat()
        assert (status.st_uid, status.st_gid) == (owner, group)
    assert as_nobody(site.folder, "cat watched/downtime.flag watched/downtime.yml").count("name: now") == 1
    assert as_nobody(site.folder, "cat watched/downtime.html watched/downtime.json").count("about:blank") == 1


@pytest.mark.parametrize("umask", [0o022, 0o077])
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o2770])
def test_what_another_user_makes_can_be_read_by_the_owner_of_the_folder(site: Site, mode: int, umask: int) -> None:
    os.chown(site.watched, 1234, NOBODY)
    site.watched.chmod(mode)
    as_nobody(site.watched, "rm downtime.yml")
    before = os.umask(umask)
    try:
        assert "Traceback" not in "".join(run_as_nobody(site, [("downtime_start", "--no-wait"), ADD]))
    finally:
        os.umask(before)
    done = subprocess.run(
        ["cat", "downtime.flag", "downtime.yml"],
        cwd=site.watched,
        user=1234,
        group=1234,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "name: new" in done.stdout


def test_whom_an_access_control_list_lets_in_is_let_in_after_an_edit(site: Site) -> None:
    os.chown(site.watched, 0, 0)
    os.chown(site.schedule, 0, 0)
    site.schedule.chmod(0o600)
    os.setxattr(site.schedule, ACL, acl(NOBODY))
    assert as_nobody(site.watched, "cat downtime.yml") == TEXT
    run(*ADD)
    assert as_nobody(site.watched, "cat downtime.yml") == site.schedule.read_text() != TEXT
    assert os.getxattr(site.schedule, ACL) == acl(NOBODY)


def test_an_attribute_that_cannot_be_kept_is_an_error_and_nothing_is_changed(site: Site) -> None:
    os.setxattr(site.schedule, "security.of-root", b"1")
    assert run_as_nobody(site, [ADD]) == [
        f"{site.schedule} can't be written: its extended attribute security.of-root can't be kept: "
        "Operation not permitted; nothing was changed"
    ]
    assert site.schedule.read_text() == TEXT
    assert sorted(os.listdir(site.watched)) == [".downtime.yml.lock", "downtime.yml"]
    run(*ADD)
    assert os.getxattr(site.schedule, "security.of-root") == b"1"


def test_who_is_not_root_edits_a_copy_in_any_folder_of_their_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(site.watched))
    with being_nobody():
        assert with_copy(str(site.schedule), b"new", lambda copy: Path(copy).read_bytes()) == b"new"
    assert os.listdir(site.watched) == ["downtime.yml"]


def test_who_cannot_give_an_attribute_is_told_so(site: Site) -> None:
    os.setxattr(site.schedule, "security.of-root", b"1")
    with being_nobody(), pytest.raises(CannotWrite, match=r"security\.of-root can't be kept: Operation not permitted"):
        replace_unfollowed(str(site.schedule), b"new")
    assert site.schedule.read_text() == TEXT


@pytest.mark.parametrize(("mode", "readers"), [(0o700, 0o044), (0o770, 0o044), (0o777, 0o044), (0o070, 0o040)])
def test_what_does_not_belong_to_the_owner_of_the_folder_can_be_read_by_the_others(
    site: Site, mode: int, readers: int
) -> None:
    site.watched.chmod(0o777)
    with closing(trusted_path.unfollowed(str(site.flag))) as entry:
        os.chown(site.watched, 1234, NOBODY)
        site.watched.chmod(mode)
        status = site.watched.stat()
        site.watched.chmod(0o777)
        with being_nobody():
            descriptor = entry.open(os.O_WRONLY | os.O_CREAT, 0o600)
            permissions.let_readers_in(descriptor, status)
            os.close(descriptor)
    assert site.flag.stat().st_mode & 0o077 == readers
