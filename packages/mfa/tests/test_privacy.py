from mercato_kit.privacy import Subject
from mercato_mfa.privacy import erase, export

from . import factories


class TestPersonalData:
    def test_has_names_and_no_secrets(self, commit, authenticator):
        """The export has what the owner called the factors."""
        owner = factories.owner(acr=1)
        commit(factories.add_passkey, owner, authenticator)
        commit(factories.add_totp, owner.sub, label="Phone")

        [part] = commit(lambda: list(export(Subject(owner.sub, frozenset(), {}))))

        assert part.name == "factors"
        assert {one["name"] for one in part.items} == {"Key", "Phone"}
        assert all(set(one) == {"method", "name", "created_at"} for one in part.items)

    def test_is_erased_once(self, commit):
        """Nothing of it stays, and a second run finds nothing."""
        owner = factories.owner()
        commit(factories.add_codes, owner.sub)
        subject = Subject(owner.sub, frozenset(), {})

        erased = [commit(erase, subject) for _ in range(2)]

        assert [one.counts for one in erased] == [{"factors": 1}, {"factors": 0}]
        assert commit(lambda: list(export(subject)))[0].items == []
