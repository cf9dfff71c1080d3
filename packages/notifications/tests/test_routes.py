import pytest

from .posting import VALUES, post


@pytest.fixture(scope="session")
def _folder(tmp_path_factory):
    return tmp_path_factory.mktemp("letters")


@pytest.fixture
def folder(_folder):
    """The folder of the mails, without mails."""
    for file in _folder.iterdir():
        file.unlink()
    return _folder


@pytest.fixture
def settings(folder):
    """A shop on a developer's machine."""
    return {"mail": "folder", "mail_folder": str(folder), "mailbox": True}


class TestMailbox:
    def test_shows_mails(self, client, commit, run_worker):
        """The list links to each mail, which is shown as text and as HTML."""
        lines = [{"name": "<b>Mug</b>", "quantity": 1, "amount": 5}]
        empty = client.get("/mailbox").text
        commit(post, to="Zoë@bücher.example")
        commit(post, template="notifications.order_placed", context={**VALUES, "lines": lines})
        run_worker()

        shown = client.get("/mailbox").text
        address = shown.split('href="/mailbox/')[1].split('"')[0]
        pages = [client.get(f"/mailbox/{address}{part}") for part in ("", "/html")]

        assert "There are none yet." in empty
        assert "Zoë@xn--bcher-kva.example" in shown
        assert ["Your order 1001" in page.text for page in pages] == [True, True]
        assert all("<b>Mug</b>" not in page.text for page in pages)

    def test_runs_no_script_of_a_mail(self, client, commit, run_worker, folder):
        """The HTML of a mail is in a sandbox without scripts, in a frame of this site alone."""
        commit(post)
        run_worker()
        [file] = folder.glob("*.eml")

        headers = client.get(f"/mailbox/{file.stem}/html").headers

        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-popups;" in policy
        assert headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_of_an_unknown_id_is_not_found(self, client):
        """An id without a mail is 404, and no path."""
        for name in ("00000000-0000-7000-8000-000000000000", "..", "%2e%2e/secret"):
            assert client.get(f"/mailbox/{name}").status_code == 404


class TestOff:
    @pytest.fixture
    def settings(self, folder):
        """The folder without the pages."""
        return {"mail": "folder", "mail_folder": str(folder)}

    def test_is_not_found(self, client, commit, run_worker, folder):
        """Without the setting, nothing of a mail is shown."""
        commit(post)
        run_worker()
        [file] = folder.glob("*.eml")

        found = [client.get(f"/mailbox{it}").status_code for it in ("", f"/{file.stem}")]

        assert found == [404, 404]
