"""Takes from a process what Python has on POSIX systems only, as documented, so that the app is as on Windows there."""

import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile

import django.core.files.locks
import django.test

# What these import has to be there first, as each of them would import something else on Windows.
STANDARD = (asyncio, concurrent.futures, multiprocessing, subprocess, tempfile, django.core.files.locks, django.test)
MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
FUNCTIONS = (
    *(
        "chown",
        "fchmod",
        "fchown",
        "fork",
        "forkpty",
        "fstatvfs",
        "getegid",
        "geteuid",
        "getgid",
        "getgroups",
        "getpgid",
    ),
    *("getuid", "getxattr", "killpg", "lchown", "listxattr", "major", "minor", "mkfifo", "openpty", "pread", "pwrite"),
    *("register_at_fork", "removexattr", "sched_getaffinity", "seteuid", "setgid", "setsid", "setuid", "setxattr"),
    *("statvfs", "uname"),
)
FLAGS = ("O_ASYNC", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "ST_RDONLY", "WNOHANG")
SIGNALS = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGIO", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "setitimer", "sigwait")


def take_away() -> None:
    """Call it before anything of the app is imported."""
    assert not any(name.partition(".")[0] == "downtime" for name in sys.modules)
    sys.modules.update(dict.fromkeys(MODULES))  # type: ignore[arg-type]
    for name in (*FUNCTIONS, *FLAGS):
        vars(os).pop(name, None)
    for name in SIGNALS:
        vars(signal).pop(name, None)
    for supported in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        supported.clear()
