import subprocess
import sys
import urllib.request

from mercato_dev.index import serve_index


class TestServeIndex:
    def test_offers_what_is_in_the_folder(self, tmp_path):
        """A file that is added to the folder is listed with its hash."""
        with serve_index(tmp_path) as index:
            (tmp_path / "seeds-1.0.tar.gz").write_bytes(b"")
            with urllib.request.urlopen(f"{index.url}seeds/") as page:  # noqa: S310 - on loopback
                listed = page.read().decode()

        assert "seeds-1.0.tar.gz#sha256=" in listed

    def test_ends_with_its_parent(self, tmp_path):
        """The server ends when the process that started it is killed."""
        command = [sys.executable, "-m", "mercato_dev.index_server", str(tmp_path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            assert server.stdout.readline().startswith(b"http://127.0.0.1:")

            # The kernel does the same when a process is killed.
            server.stdin.close()

            assert server.wait(timeout=30) == 0
