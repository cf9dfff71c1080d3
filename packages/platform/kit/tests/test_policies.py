from dataclasses import replace
from datetime import timedelta

import pytest

from mercato_kit.db import utc_now
from mercato_kit.errors import Forbidden, NotForKeys, StepUpRequired, Unauthenticated
from mercato_kit.policies import anyone, fresh, permission, person, signed_in
from mercato_kit.principals import GUEST, Principal

from .demo import ALICE, CHARLIE

SERVICE = Principal(kind="service", permissions=frozenset({"notes.write"}))


class TestPolicy:
    @pytest.mark.parametrize(
        ("policy", "principal", "refusal"),
        [
            (anyone, GUEST, None),
            (anyone, ALICE, None),
            (signed_in, GUEST, Unauthenticated),
            (signed_in, ALICE, None),
            (signed_in, SERVICE, None),
            (permission("notes.write"), GUEST, Unauthenticated),
            (permission("notes.write"), ALICE, Forbidden),
            (permission("notes.write"), CHARLIE, None),
            (permission("notes.write"), SERVICE, None),
            (permission(""), ALICE, Forbidden),
            (person, GUEST, Unauthenticated),
            (person, ALICE, None),
            (person, SERVICE, NotForKeys),
        ],
    )
    def test_allows_or_refuses(self, policy, principal, refusal):
        """A guest gets 401, a principal without the permission 403."""
        if refusal is None:
            policy.check(principal)
            return

        with pytest.raises(refusal):
            policy.check(principal)

    def test_asks_for_the_second_factor_of_a_withheld_permission(self):
        """A permission that this session lacks until it has acr 2 is no 403, but a step up."""
        withheld = replace(ALICE, withheld=frozenset({"notes.write"}))

        with pytest.raises(StepUpRequired) as refusal:
            permission("notes.write").check(withheld)

        challenge = refusal.value.headers["WWW-Authenticate"]
        assert challenge == 'Bearer error="insufficient_user_authentication", acr_values="2"'


def signed_in_before(principal, **age):
    """Return a principal who proved its identity some time ago."""
    return replace(principal, auth_time=utc_now() - timedelta(**age))


class TestFresh:
    def test_allows_who_has_just_signed_in(self):
        """Within the time, and with its second factor if it has one, a person is fresh."""
        charlie = signed_in_before(CHARLIE, minutes=14)

        fresh(permission("notes.write")).check(charlie)
        fresh(person).check(replace(charlie, factor=True, acr=2))

    @pytest.mark.parametrize(
        ("principal", "seconds", "said"),
        [
            (ALICE, 900, "max_age=900"),
            (signed_in_before(ALICE, minutes=16), 900, "max_age=900"),
            (signed_in_before(ALICE, seconds=61), 60, "max_age=60"),
            (signed_in_before(replace(ALICE, factor=True), seconds=1), 900, 'acr_values="2", max_'),
            (signed_in_before(replace(ALICE, acr=2), days=1), 900, "max_age=900"),
        ],
    )
    def test_asks_for_a_step_up(self, principal, seconds, said):
        """The challenge of RFC 9470 says what is missing."""
        with pytest.raises(StepUpRequired) as refusal:
            fresh(person, seconds).check(principal)

        challenge = refusal.value.headers["WWW-Authenticate"]
        assert challenge.startswith('Bearer error="insufficient_user_authentication", ')
        assert said in challenge

    @pytest.mark.parametrize(
        ("principal", "refusal"),
        [(GUEST, Unauthenticated), (signed_in_before(ALICE), Forbidden), (SERVICE, NotForKeys)],
    )
    def test_keeps_its_policy(self, principal, refusal):
        """A guest and a caller without the permission are refused as before; keys always are."""
        with pytest.raises(refusal) as raised:
            fresh(permission("notes.write")).check(principal)

        assert raised.type is refusal
