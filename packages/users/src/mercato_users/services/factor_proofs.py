"""The caller proves its identity again with a second factor."""

from mercato_kit.principals import Principal
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCode, NoSecondFactor
from mercato_users.services import challenges, factor_changes, proofs, second_factors
from mercato_users.services.refreshes import AccessToken
from mercato_users.services.second_factors import Challenged
from mercato_users.values import Answer


def begin_step_up(caller: Principal) -> Challenged:
    """Return a challenge for the session of the caller.

    Raises:
        NoSecondFactor: The account has none.
        SecondFactorUnavailable: No composed feature has a factor of the account.
    """
    user_id, session_id = proofs.ids(caller)
    if not caller.factor:
        raise NoSecondFactor
    challenge = challenges.begin(user_id, challenges.STEP_UP, session_id=session_id)
    return second_factors.challenged(user_id, challenge)


def step_up_with_factor(caller: Principal, sent: Answer, client: Client = UNKNOWN) -> AccessToken:
    """Make the session of the caller fresh and one with two factors; return an access token of it.

    The challenge belongs to this session, so that nothing of another account steps it up.

    Raises:
        ChallengeExpired: The challenge is not open for this session, or was answered five times.
        InvalidCode: The answer is wrong.
        Unauthenticated: The session has ended meanwhile.
    """
    user_id, session_id = proofs.ids(caller)
    challenges.count_try(sent.challenge, challenges.STEP_UP, session_id=session_id)
    refusal = InvalidCode(facts={"user_id": user_id})
    proof = proofs.require(caller, second_factors.verify(user_id, sent, client), refusal)
    challenges.use(sent.challenge, challenges.STEP_UP, session_id=session_id)
    amr = factor_changes.together(caller.amr, proof.amr, ["mfa"])
    return proofs.make_fresh(caller, client, acr=2, amr=amr)
