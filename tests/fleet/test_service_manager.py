"""What systemd is told, by the protocol of sd_notify(3)."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from downtime.fleet.service_manager import notify


@pytest.fixture(params=["file", "abstract"])
def service_manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "file" else f"\0{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address.replace("\0", "@"))
        yield receiver


def test_the_lines_are_sent_in_one_message(service_manager: socket.socket) -> None:
    notify("READY=1", "STATUS=Größer")
    assert service_manager.recv(100).decode() == "READY=1\nSTATUS=Größer"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody listens here"])
def test_without_anybody_who_listens_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")
