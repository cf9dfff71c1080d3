"""The manifest of the feature ``users``."""

from pathlib import Path

from mercato_contracts.accounts import Accounts
from mercato_contracts.messages import Messages
from mercato_contracts.people import People
from mercato_contracts.second_factor import SecondFactor
from mercato_kit.feature import Feature, Glue, Need, Offer, Referent
from mercato_kit.identity import IdentityProvider
from mercato_users.checks import DOCTOR, STARTUP
from mercato_users.cli import commands
from mercato_users.events import HANDLES, MAILS, PUBLISHES
from mercato_users.jobs import JOBS
from mercato_users.models import Base, User
from mercato_users.permissions import PERMISSIONS
from mercato_users.privacy import PERSONAL_DATA
from mercato_users.provides import AccountFactors, AccountOwners, Identity
from mercato_users.routes import blueprint, well_known
from mercato_users.sample_data import make_sample_data
from mercato_users.settings import UsersSettings

feature = Feature(
    name="users",
    summary="Accounts, logins, roles and permissions.",
    blueprints=[blueprint, well_known],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    referents=[Referent(IdentityProvider, "subject", User.id)],
    mails=Path(__file__).parent / "mails",
    needs=[
        Need(
            Messages,
            ">=1,<2",
            at_least=0,
            without="accounts cannot be verified, and passwords cannot be reset",
        ),
        Need(SecondFactor, ">=1,<2", at_least=0),
    ],
    offers=[
        Offer(IdentityProvider, "1.0", Identity),
        Offer(People, "1.0", AccountOwners),
        Offer(Accounts, "1.0", AccountFactors),
    ],
    publishes=PUBLISHES,
    handles=HANDLES,
    # Without them no mail is due, now or later.
    glue=[Glue(when=[Need(Messages, ">=1,<2")], handles=MAILS)],
    jobs=JOBS,
    settings=UsersSettings,
    permissions=PERMISSIONS,
    startup=STARTUP,
    doctor=DOCTOR,
    cli=commands,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
