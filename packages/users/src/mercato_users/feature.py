"""Users: who has an account, who is calling, and what they may do."""

from pathlib import Path

from mercato_kit.feature import Check
from mercato_kit.feature import Feature
from mercato_kit.feature import Offer
from mercato_kit.feature import Referent
from mercato_kit.identity import IdentityProvider
from mercato_users import access_tokens
from mercato_users import cli
from mercato_users import events
from mercato_users import jobs
from mercato_users import privacy
from mercato_users import sample_data
from mercato_users import topics
from mercato_users.models import Base
from mercato_users.models import User
from mercato_users.provides import Identity
from mercato_users.routes import blueprint
from mercato_users.routes import well_known
from mercato_users.settings import UsersSettings

feature = Feature(
    name="users",
    summary="Accounts, logins, roles and permissions.",
    blueprints=[blueprint, well_known],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    referents=[Referent(IdentityProvider, "subject", User.id)],
    offers=[Offer(IdentityProvider, "1.0", Identity)],
    publishes=topics.ALL,
    handles=events.HANDLERS,
    jobs=jobs.JOBS,
    settings=UsersSettings,
    permissions={
        "users.read": "See every account.",
        "users.write": "Suspend and reactivate accounts.",
    },
    health=[Check("signing_key", access_tokens.key_mistake)],
    cli=cli.commands,
    export_subject=privacy.export_subject,
    erase_subject=privacy.erase_subject,
    sample_data=sample_data.load,
)
