"""The units of sample_config, and what systemd says about them."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.front_servers import edited


def value_of(unit: str, key: str) -> str:
    """The only value of a key of a unit."""
    [value] = re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)
    return str(value)


def complaints(unit: str, path: Path) -> list[str]:
    """What `systemd-analyze verify` complains about in a unit at that path, with this host's program and user."""
    program = value_of(unit, "ExecStart").split()[0]
    path.write_text(edited(unit, {f"={program}": f"={sys.executable}", "User=example": "User=root"}))
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return [line for line in ran.stderr.splitlines() if path.name in line]
