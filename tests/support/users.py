"""A second user, and what that user does in a folder to which root's commands write."""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.harness import Site
from tests.support.programs import ROOT

NOBODY = 65534
BECOME = f"import os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"

ACL = "system.posix_acl_access"


def acl(reader: int) -> bytes:
    """An access control list that lets this user read too, as `setfacl -m u:1234:r` sets it on a file of mode 0600."""
    entries = [(1, 6, -1), (2, 4, reader), (4, 0, -1), (0x10, 4, -1), (0x20, 0, -1)]  # see acl(5)
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


AS_NOBODY = f"""
import os, sys
import django
django.setup()
from django.core.management import call_command, load_command_class, CommandError
# Loaded by now, as nobody may not even be able to read the code.
commands = [(load_command_class("downtime", name), *arguments) for name, *arguments in commands]
from downtime.http.prerendered import prerender
from downtime.management.page_file import NEUTRAL
prerender(*NEUTRAL)
{BECOME}
for command in commands:
    try:
        call_command(*command)
    except CommandError as error:
        print(error)
"""


def run_as_nobody(site: Site, commands: list[tuple[str, ...]]) -> list[str]:
    """What the commands say to the other user, one after the other."""
    script = f"commands = {commands!r}\n{AS_NOBODY}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=site.environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def start_as_nobody(folder: Path, script: str) -> subprocess.Popen[str]:
    """A shell of the other user in that folder."""
    return subprocess.Popen(
        ["sh", "-euc", script],
        cwd=folder,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def as_nobody(folder: Path, script: str) -> str:
    """The output of such a shell, which has to succeed."""
    shell = start_as_nobody(folder, script)
    output = shell.communicate(timeout=60)[0]
    assert shell.returncode == 0, output
    return output


@contextmanager
def being_nobody() -> Iterator[None]:
    """Makes this very process, which has to be root's, the other user's for a while."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
