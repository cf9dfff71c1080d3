import socket
import threading
from contextlib import closing

import pytest

from mercato_testing.network import ForbiddenAddressError, only_loopback

# Addresses reserved for documentation: no machine has them.
FOREIGN = ("192.0.2.7", 80)
FOREIGN_6 = ("2001:db8::7", 80)


@pytest.fixture
def _guarded():
    """Enable the guard."""
    with only_loopback():
        yield


@pytest.mark.usefixtures("_guarded")
class TestOnlyLoopback:
    @pytest.mark.parametrize("method", ["connect", "connect_ex"])
    def test_forbids_connections_elsewhere(self, method):
        """A connection to another machine fails at once; the error has the address."""
        with (
            closing(socket.socket()) as connection,
            pytest.raises(ForbiddenAddressError, match=r"192\.0\.2\.7"),
        ):
            getattr(connection, method)(FOREIGN)

    def test_forbids_connections_elsewhere_on_ipv6(self):
        """A connection by IPv6 fails too."""
        with (
            closing(socket.socket(socket.AF_INET6)) as connection,
            pytest.raises(ForbiddenAddressError, match="2001:db8::7"),
        ):
            connection.connect(FOREIGN_6)

    @pytest.mark.parametrize("arguments", [(b"", FOREIGN), (b"", 0, FOREIGN)])
    def test_forbids_datagrams_elsewhere(self, arguments):
        """A datagram to another machine is refused."""
        with (
            closing(socket.socket(type=socket.SOCK_DGRAM)) as sender,
            pytest.raises(ForbiddenAddressError),
        ):
            sender.sendto(*arguments)

    def test_forbids_messages_elsewhere(self):
        """A datagram of several buffers is refused too."""
        with (
            closing(socket.socket(type=socket.SOCK_DGRAM)) as sender,
            pytest.raises(ForbiddenAddressError),
        ):
            sender.sendmsg([b""], [], 0, FOREIGN)

    @pytest.mark.parametrize("name", ["shop.example", b"shop.example"])
    def test_forbids_looking_names_up(self, name):
        """A name is refused before it is resolved."""
        with pytest.raises(ForbiddenAddressError, match=r"shop\.example"):
            socket.getaddrinfo(name, 80)

    def test_forbids_names_in_connect(self):
        """A name in connect() is refused too."""
        with closing(socket.socket()) as connection, pytest.raises(ForbiddenAddressError):
            connection.connect(("shop.example", 80))

    def test_is_not_an_os_error(self):
        """Code that tolerates a broken network does not hide the error."""
        assert not issubclass(ForbiddenAddressError, OSError)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost"])
    def test_allows_loopback(self, host):
        """A server of the test can be reached."""
        with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104
            connection = socket.create_connection((host, server.getsockname()[1]))
            accepted, _ = server.accept()

            with connection, accepted:
                connection.sendall(b"hello")

                assert accepted.recv(5) == b"hello"

    def test_allows_mapped_loopback(self):
        """An IPv4 loopback address written as IPv6 is loopback."""
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            closing(socket.socket(socket.AF_INET6)) as connection,
        ):
            connection.connect(("::ffff:127.0.0.1", server.getsockname()[1]))

            assert connection.getpeername()[0] == "::ffff:127.0.0.1"

    def test_allows_unix_sockets(self, tmp_path):
        """Unix sockets can be used."""
        with closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind(str(tmp_path / "socket"))
            server.listen()
            with closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.connect(str(tmp_path / "socket"))

                assert connection.getpeername() == str(tmp_path / "socket")

    def test_allows_datagrams_to_loopback(self):
        """Datagrams to loopback, and on connected sockets, can be sent."""
        with closing(socket.socket(type=socket.SOCK_DGRAM)) as receiver:
            receiver.bind(("127.0.0.1", 0))
            with closing(socket.socket(type=socket.SOCK_DGRAM)) as sender:
                sender.sendto(b"one", receiver.getsockname())
                sender.connect(receiver.getsockname())
                sender.sendmsg([b"two"])

                assert [receiver.recv(3), receiver.recv(3)] == [b"one", b"two"]

    def test_guards_threads(self):
        """Connections in other threads are refused too."""
        caught = []

        def leave():
            with closing(socket.socket()) as connection:
                try:
                    connection.connect(FOREIGN)
                except ForbiddenAddressError as refused:
                    caught.append(refused)

        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()

        assert len(caught) == 1


class TestAfterwards:
    def test_removes_the_guard(self):
        """After the block, the functions are the original ones."""
        before = (vars(socket.socket).get("connect"), socket.getaddrinfo)

        with only_loopback():
            pass

        assert (vars(socket.socket).get("connect"), socket.getaddrinfo) == before
