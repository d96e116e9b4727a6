"""The real nginx in front of a server."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.harness import free_port
from tests.support.programs import located, require
from tests.support.waiting import wait_until

BEGINNING = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
"""
"""The beginning of each configuration, which makes nginx write into one folder only."""
CONFIG = (
    BEGINNING
    + """
  access_log {folder}/access.log;
  proxy_cache_path {folder}/cache keys_zone=kept:1m;
  upstream app {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location = /broken.html {{ return 200 "broken"; }}
    location / {{
      proxy_pass http://app;
      proxy_set_header Host $http_host;
      {lines}
    }}
  }}
}}
"""
)


@contextmanager
def in_front(folder: Path, ports: Sequence[int], lines: str) -> Iterator[str]:
    """The URL of nginx, configured with these lines, in front of those ports; its files are in `folder`."""
    require("nginx")
    folder.mkdir()
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{number};" for number in ports)
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, user=user, servers=servers, port=port, lines=lines))
    command = [located("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def is_listening() -> bool:
        assert process.poll() is None, (folder / "error.log").read_text()
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        return False

    try:
        wait_until(is_listening, within=10, what="nginx listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
