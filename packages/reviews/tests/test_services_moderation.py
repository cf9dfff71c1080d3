"""Staff hide reviews and publish them again."""

import pytest

from .factories import summary_of


class TestHideReview:
    def test_takes_it_from_the_public(self, client, alice, bob, charlie, alices, commit):
        """Only its author and staff see a hidden review, and its rating counts no more."""
        url = f"/v1/reviews/{alices['id']}"

        hidden = charlie.post(f"{url}/hide", json={"reason": "An address"})

        seen = [who.get(url).status_code for who in (client, bob, alice, charlie)]
        assert (hidden.json["status"], hidden.json["hidden_reason"]) == ("hidden", "An address")
        assert seen == [404, 404, 200, 200]
        assert commit(summary_of) == ((0, 0), (0, 0))

    def test_counts_once(self, charlie, alices, commit):
        """Hiding twice takes the rating off once, and keeps the last reason."""
        url = f"/v1/reviews/{alices['id']}/hide"

        answers = [charlie.post(url, json={"reason": reason}) for reason in ("one", "two")]

        assert [one.json["hidden_reason"] for one in answers] == ["one", "two"]
        assert commit(summary_of) == ((0, 0), (0, 0))

    def test_survives_a_change_by_the_author(self, alice, client, charlie, alices, commit):
        """An author's change does not publish a hidden review, nor does its rating count."""
        url = f"/v1/reviews/{alices['id']}"
        charlie.post(f"{url}/hide", json={})

        changed = alice.patch(url, json={"rating": 5}, headers={"If-Match": '"2"'})

        assert changed.json["status"] == "hidden"
        assert client.get(url).status_code == 404
        assert commit(summary_of) == ((0, 0), (0, 0))

    def test_a_hidden_one_can_be_deleted(self, alice, charlie, alices, commit):
        """Deleting a hidden review takes nothing off the summary again."""
        url = f"/v1/reviews/{alices['id']}"
        charlie.post(f"{url}/hide", json={})

        assert alice.delete(url, headers={"If-Match": '"2"'}).status_code == 204
        assert commit(summary_of) == ((0, 0), (0, 0))

    @pytest.mark.parametrize("action", ["hide", "publish"])
    def test_is_for_staff(self, client, alice, alices, action):
        """Guests and authors cannot moderate."""
        url = f"/v1/reviews/{alices['id']}/{action}"
        body = {"json": {}} if action == "hide" else {}

        assert [who.post(url, **body).status_code for who in (client, alice)] == [401, 403]


class TestPublishReview:
    def test_shows_it_again(self, client, charlie, alices, commit, security_log):
        """A published review has no reason, and counts; both changes are in the security log."""
        url = f"/v1/reviews/{alices['id']}"
        charlie.post(f"{url}/hide", json={"reason": "By mistake"})

        published = [charlie.post(f"{url}/publish") for _ in range(2)][1]

        assert (published.json["status"], published.json["hidden_reason"]) == ("published", None)
        assert client.get(url).json["rating"] == 4
        assert commit(summary_of) == ((1, 4), (1, 4))
        events = [line["event"] for line in security_log()]
        assert events == ["review_hidden", "review_published"]
