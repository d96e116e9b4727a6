import os
import subprocess
import sys
import threading

import pytest

from downtime.standin.process_lock import ProcessLock
from tests.support.programs import require


def test_all_threads_of_a_process_share_one() -> None:
    lock, locks = ProcessLock(), []
    threads = [threading.Thread(target=lambda: locks.append(lock.own())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(map(id, locks)) == {id(lock.own())}


def test_one_that_is_held_at_a_fork_is_free_in_the_child() -> None:
    lock = ProcessLock()
    with lock.own():
        child = os.fork()
        if child == 0:
            os._exit(0 if lock.own().acquire(blocking=False) else 1)
        assert os.waitpid(child, 0)[1] == 0


GREENLETS = """
from downtime.standin.process_lock import ProcessLock
lock = ProcessLock()
lock.own()
from gevent import monkey
monkey.patch_all()
import gevent, time
def hold():
    with lock.own():
        time.sleep(0.1)
gevent.joinall([gevent.spawn(hold), gevent.spawn(hold)], raise_error=True)
"""


@pytest.mark.system
def test_one_that_was_made_before_gevent_has_patched_threads_blocks_no_greenlet() -> None:
    require("gevent")
    ran = subprocess.run([sys.executable, "-c", GREENLETS], timeout=60, check=False)
    assert ran.returncode == 0
