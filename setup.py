"""What setup.cfg can't say: the sdist holds the tests too, and links of the long description lead to GitHub."""

import os
import re
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
NEEDED_BY_TESTS = [
    "tests",
    "sample_config",
    ".ci",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    ".ruff.toml",
]
FILE = "https://github.com/dstegelman/django-downtime/blob/main/"
PICTURE = "https://raw.githubusercontent.com/dstegelman/django-downtime/main/"
# An address without a scheme, that leads neither to a section nor to the root of a host.
RELATIVE = r"(?![a-z]+:|[#/])(?P<path>[^\s<>`]+)"


def source_files():
    """All that is committed of what the tests need; without git, as in an sdist, all that is there."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", *NEEDED_BY_TESTS], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        return [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    there = [path for part in NEEDED_BY_TESTS for path in [ROOT / part, *(ROOT / part).rglob("*")] if path.is_file()]
    return [str(path.relative_to(ROOT)) for path in there if "__pycache__" not in path.parts]


def with_absolute_links(text):
    """The text in reStructuredText, whose relative pictures and links lead to GitHub."""
    text = re.sub(rf"^(.*\.\. .*(?:image|figure):: +){RELATIVE}", rf"\1{PICTURE}\g<path>", text, flags=re.MULTILINE)
    text = re.sub(rf"^( +:target: +|\.\. _[^:\n]+: +){RELATIVE}(?<!_)$", rf"\1{FILE}\g<path>", text, flags=re.MULTILINE)
    return re.sub(rf"<{RELATIVE}(?<!_)>(?=`__?)", rf"<{FILE}\g<path>>", text)


class SourceDistribution(sdist):
    """An sdist from which its own tests run."""

    def make_distribution(self):
        self.filelist.extend(source_files())
        super().make_distribution()


if __name__ == "__main__":
    setup(
        cmdclass={"sdist": SourceDistribution},
        long_description=with_absolute_links((ROOT / "README.rst").read_text(encoding="utf-8")),
    )
