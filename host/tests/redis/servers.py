"""A Redis server for tests."""

import subprocess
import time
from contextlib import contextmanager

import redis

PASSWORD = "kX7-quiet-morning"


@contextmanager
def running_redis(folder, port, *options):
    """Run Debian's redis-server, which keeps nothing on disk, and yield its process."""
    command = ["redis-server", "--dir", str(folder), "--save", "", "--bind", "127.0.0.1", *options]
    if "--tls-port" not in options:
        command += ["--port", str(port), "--requirepass", PASSWORD]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(url):
    """Wait until a Redis server answers."""
    with redis.Redis.from_url(url) as client:
        give_up_at = time.monotonic() + 30
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                assert time.monotonic() < give_up_at, "Redis did not start"
                time.sleep(0.05)
            else:
                return
