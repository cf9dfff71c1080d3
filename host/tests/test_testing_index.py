import subprocess
import sys
import urllib.request

from mercato_dev.index import serve_index


class TestServeIndex:
    def test_offers_what_is_in_the_folder(self, tmp_path):
        """A file is there as soon as it is in the folder, with its hash."""
        with serve_index(tmp_path) as index:
            (tmp_path / "seeds-1.0.tar.gz").write_bytes(b"")
            with urllib.request.urlopen(f"{index.url}seeds/") as page:  # noqa: S310 - on loopback
                listed = page.read().decode()

        assert "seeds-1.0.tar.gz#sha256=" in listed

    def test_ends_with_the_one_who_started_it(self, tmp_path):
        """Whoever started the server may be killed; no server is left behind."""
        command = [sys.executable, "-m", "mercato_dev.index_server", str(tmp_path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            assert server.stdout.readline().startswith(b"http://127.0.0.1:")

            # So does the kernel, for one who is killed.
            server.stdin.close()

            assert server.wait(timeout=30) == 0
