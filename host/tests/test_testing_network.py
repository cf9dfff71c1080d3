import socket
import threading
from contextlib import closing

import pytest

from mercato_testing.network import ForbiddenAddressError
from mercato_testing.network import only_loopback

# Addresses reserved for documentation: nobody answers there.
FOREIGN = ("192.0.2.7", 80)
FOREIGN_6 = ("2001:db8::7", 80)


@pytest.fixture
def _guarded():
    """The guard is on."""
    with only_loopback():
        yield


@pytest.mark.usefixtures("_guarded")
class TestOnlyLoopback:
    @pytest.mark.parametrize("method", ["connect", "connect_ex"])
    def test_forbids_connections_elsewhere(self, method):
        """A connection to another machine fails at once and names the address."""
        with (
            closing(socket.socket()) as connection,
            pytest.raises(ForbiddenAddressError, match=r"192\.0\.2\.7"),
        ):
            getattr(connection, method)(FOREIGN)

    def test_forbids_connections_elsewhere_on_ipv6(self):
        """The newer protocol is guarded as well."""
        with (
            closing(socket.socket(socket.AF_INET6)) as connection,
            pytest.raises(ForbiddenAddressError, match="2001:db8::7"),
        ):
            connection.connect(FOREIGN_6)

    @pytest.mark.parametrize("arguments", [(b"", FOREIGN), (b"", 0, FOREIGN)])
    def test_forbids_datagrams_elsewhere(self, arguments):
        """A datagram needs no connection, and is refused all the same."""
        with (
            closing(socket.socket(type=socket.SOCK_DGRAM)) as sender,
            pytest.raises(ForbiddenAddressError),
        ):
            sender.sendto(*arguments)

    def test_forbids_messages_elsewhere(self):
        """The same for the call that sends several buffers."""
        with (
            closing(socket.socket(type=socket.SOCK_DGRAM)) as sender,
            pytest.raises(ForbiddenAddressError),
        ):
            sender.sendmsg([b""], [], 0, FOREIGN)

    @pytest.mark.parametrize("name", ["shop.example", b"shop.example"])
    def test_forbids_looking_names_up(self, name):
        """A name is refused before a name server is asked for it."""
        with pytest.raises(ForbiddenAddressError, match=r"shop\.example"):
            socket.getaddrinfo(name, 80)

    def test_forbids_names_in_connect(self):
        """A name that only the system could resolve is refused too."""
        with closing(socket.socket()) as connection, pytest.raises(ForbiddenAddressError):
            connection.connect(("shop.example", 80))

    def test_is_no_network_failure(self):
        """Code that shrugs off a broken network does not hide the mistake."""
        assert not issubclass(ForbiddenAddressError, OSError)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost"])
    def test_lets_loopback_pass(self, host):
        """A server of the test itself can be reached."""
        with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104
            connection = socket.create_connection((host, server.getsockname()[1]))
            accepted, _ = server.accept()

            with connection, accepted:
                connection.sendall(b"hello")

                assert accepted.recv(5) == b"hello"

    def test_lets_mapped_loopback_pass(self):
        """An IPv4 loopback address written as IPv6 is loopback."""
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            closing(socket.socket(socket.AF_INET6)) as connection,
        ):
            connection.connect(("::ffff:127.0.0.1", server.getsockname()[1]))

            assert connection.getpeername()[0] == "::ffff:127.0.0.1"

    def test_lets_unix_sockets_pass(self, tmp_path):
        """Unix sockets never leave the machine."""
        with closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind(str(tmp_path / "socket"))
            server.listen()
            with closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.connect(str(tmp_path / "socket"))

                assert connection.getpeername() == str(tmp_path / "socket")

    def test_lets_pairs_and_datagrams_pass(self):
        """Sending to loopback, and on sockets that are connected already, works."""
        with closing(socket.socket(type=socket.SOCK_DGRAM)) as receiver:
            receiver.bind(("127.0.0.1", 0))
            with closing(socket.socket(type=socket.SOCK_DGRAM)) as sender:
                sender.sendto(b"one", receiver.getsockname())
                sender.connect(receiver.getsockname())
                sender.sendmsg([b"two"])

                assert [receiver.recv(3), receiver.recv(3)] == [b"one", b"two"]

    def test_guards_threads(self):
        """A server that runs in a thread is guarded as well."""
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
    def test_everything_is_as_before(self):
        """The guard takes itself off."""
        before = (vars(socket.socket).get("connect"), socket.getaddrinfo)

        with only_loopback():
            pass

        assert (vars(socket.socket).get("connect"), socket.getaddrinfo) == before
