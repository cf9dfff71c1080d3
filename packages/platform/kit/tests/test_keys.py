from mercato_kit.keys import derive_key


class TestDeriveKey:
    def test_is_the_same_in_every_process(self, boot, sqlite_url):
        """Apps with the same server key derive the same 32 bytes for a purpose."""
        keys = set()
        for app in (boot(sqlite_url), boot(sqlite_url)):
            with app.app_context():
                keys.add(derive_key("users.refresh_token"))

        assert len(keys) == 1
        assert [len(key) for key in keys] == [32]

    def test_differs_per_purpose(self, boot, sqlite_url):
        """Purposes never share a key, and none is the server key."""
        app = boot(sqlite_url)
        with app.app_context():
            keys = {derive_key(purpose) for purpose in ("a", "b", "a ", "")}

        assert len(keys) == 4
        assert app.config["SECRET_KEY"].encode() not in keys

    def test_differs_per_server_key(self, boot, sqlite_url):
        """Another server key gives other keys; text and bytes are the same server key."""
        app = boot(sqlite_url)
        keys = []
        with app.app_context():
            for server_key in ("one", b"one", "two"):
                app.config["SECRET_KEY"] = server_key
                keys.append(derive_key("a"))

        assert keys[0] == keys[1] != keys[2]
