"""Tells systemd how the service is, if systemd has started it: sd_notify(3), which needs no library."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(*lines: str) -> None:
    """Sends the lines, such as READY=1, to the socket in NOTIFY_SOCKET; without one, or if it is gone, does nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # of the abstract namespace
        address = f"\0{address[1:]}"
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.1)
        # Unless it is connected, poll(2) does not say that the queue is full, and Python would try without a pause.
        sender.connect(address)
        sender.send("\n".join(lines).encode())
