"""The manifest of the feature ``mfa``."""

from pathlib import Path

from mercato_contracts.accounts import Accounts
from mercato_contracts.second_factor import SecondFactor
from mercato_kit.feature import Feature, Need, Offer, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_mfa.jobs import JOBS
from mercato_mfa.models import Base, Passkey, RecoveryCode, Totp
from mercato_mfa.privacy import PERSONAL_DATA
from mercato_mfa.provides import OwnFactors
from mercato_mfa.routes import blueprint
from mercato_mfa.settings import MfaSettings

feature = Feature(
    name="mfa",
    summary="Second factors of accounts: authenticator apps, passkeys, recovery codes.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    references=[
        SoftReference(model.user_id, IdentityProvider, "subject", "needs_target")
        for model in (Totp, Passkey, RecoveryCode)
    ],
    needs=[Need(Accounts, ">=1,<2")],
    offers=[Offer(SecondFactor, "1.0", OwnFactors)],
    jobs=JOBS,
    settings=MfaSettings,
    personal_data=PERSONAL_DATA,
)
