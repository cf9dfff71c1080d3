from datetime import timedelta

import pytest
import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.dialects import postgresql, sqlite

from mercato_kit import keys
from mercato_kit.db import utc_now
from mercato_testing.server_keys import ServerKey


@pytest.fixture
def app(boot, sqlite_url):
    """An app, whose context is open."""
    app = boot(sqlite_url)
    with app.app_context():
        yield app


@pytest.fixture
def server_key(app):
    """Its server key."""
    return ServerKey(app)


class TestDerive:
    def test_is_the_same_in_every_process(self, boot, sqlite_url):
        """Apps with the same server key derive the same 32 bytes for a purpose."""
        found = set()
        for app in (boot(sqlite_url), boot(sqlite_url)):
            with app.app_context():
                found.add(keys.derive("users.refresh_token"))

        assert len(found) == 1
        assert [len(key.secret) for key in found] == [32]

    def test_differs_per_purpose(self, app):
        """Purposes never share a key, and none is the server key."""
        found = {keys.derive(purpose).secret for purpose in ("a", "b", "a ", "")}

        assert len(found) == 4
        assert app.config["SECRET_KEY"].encode() not in found

    def test_differs_per_server_key(self, app):
        """Another server key gives other keys; text and bytes are the same server key."""
        found = []
        for server_key in ("one", b"one", "two"):
            app.config["SECRET_KEY"] = server_key
            found.append(keys.derive("a"))

        assert found[0] == found[1] != found[2]
        assert found[0].id != found[2].id

    def test_names_a_key_without_showing_it(self, app):
        """The id is 8 hex digits of a hash of the key, and no text shows the key."""
        key = keys.derive("a")

        assert len(bytes.fromhex(key.id)) == 4
        assert key.id not in key.secret.hex()
        assert repr(key) == f"Key(id='{key.id}')"


class TestCandidates:
    def test_is_the_current_key(self, app):
        """Without a previous server key, there is one."""
        assert keys.candidates("a") == (keys.derive("a"),)

    def test_has_the_previous_key_until_it_ends(self, server_key):
        """The previous key counts after the current one, until its time has come."""
        before = keys.derive("a")
        server_key.change()
        during = keys.candidates("a")
        server_key.end_previous()

        assert during == (keys.derive("a"), before)
        assert keys.candidates("a") == (keys.derive("a"),)

    def test_ends_at_that_moment(self, app, server_key):
        """The previous key counts before the moment, and not at it."""
        server_key.change()
        app.config["SECRET_KEY_PREVIOUS_UNTIL"] = utc_now() - timedelta(milliseconds=1)

        assert len(keys.candidates("a")) == 1


class TestSigningSecrets:
    def test_sign_by_the_current_key(self, server_key):
        """The current key signs; a signature of the previous key is valid until that ends."""
        before = URLSafeSerializer(keys.signing_secrets("a")).dumps("x")
        server_key.change()
        during = URLSafeSerializer(keys.signing_secrets("a"))
        after = during.dumps("x")

        assert during.loads(before) == "x"

        server_key.end_previous()
        late = URLSafeSerializer(keys.signing_secrets("a"))
        assert late.loads(after) == "x"
        with pytest.raises(BadSignature):
            late.loads(before)


class TestSeal:
    @pytest.mark.parametrize("plain", [b"", b"secret", bytes(1000)])
    def test_is_opened_again(self, app, plain):
        """What is sealed is opened for the same purpose, and begins with the key's id."""
        sealed = keys.seal("a", plain)

        assert keys.open("a", sealed) == plain
        assert sealed.startswith(bytes.fromhex(keys.derive("a").id))
        assert len(sealed) == len(plain) + 32

    def test_never_gives_the_same_bytes(self, app):
        """Equal bytes do not look equal when they are sealed."""
        assert keys.seal("a", b"secret") != keys.seal("a", b"secret")

    @pytest.mark.parametrize("place", [5, 20, -1])
    def test_notices_a_change(self, app, place):
        """A changed nonce, text or tag is refused."""
        sealed = bytearray(keys.seal("a", b"a longer secret"))
        sealed[place] ^= 1

        with pytest.raises(keys.CannotOpen, match="was changed"):
            keys.open("a", bytes(sealed))

    @pytest.mark.parametrize("length", [0, 3, 4, 15, 16, 31])
    def test_refuses_a_part(self, app, length):
        """A part of sealed bytes is refused, however short."""
        sealed = keys.seal("a", b"secret")[:length]

        with pytest.raises(keys.CannotOpen):
            keys.open("a", sealed)

    def test_belongs_to_its_purpose(self, app):
        """What is sealed for one purpose is not opened for another."""
        with pytest.raises(keys.CannotOpen, match="neither"):
            keys.open("b", keys.seal("a", b"secret"))

    def test_survives_a_change_of_the_server_key(self, server_key):
        """It is opened before and during a change; afterwards the error names the key."""
        name, sealed = keys.derive("a").id, keys.seal("a", b"secret")
        server_key.change()

        assert keys.open("a", sealed) == b"secret"

        server_key.end_previous()
        with pytest.raises(keys.CannotOpen, match=f"'a' was sealed by the key {name}"):
            keys.open("a", sealed)


class TestSealed:
    @pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
    def test_is_a_column_of_bytes(self, dialect):
        """The column has the type of bytes, and says what its values are sealed for."""
        column = sa.Column("secret_sealed", keys.Sealed("a"))

        there = sa.LargeBinary().compile(dialect=dialect)
        assert (column.type.compile(dialect=dialect), column.type.purpose) == (there, "a")
