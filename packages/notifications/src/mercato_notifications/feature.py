"""The manifest of the feature ``notifications``."""

from pathlib import Path

from mercato_contracts.mailer import Mailer
from mercato_contracts.messages import Messages
from mercato_contracts.orders import Orders
from mercato_kit.feature import Feature, Glue, Need, Offer, SoftReference
from mercato_kit.identity import IdentityProvider
from mercato_notifications.checks import DOCTOR, GAUGES, STARTUP
from mercato_notifications.cli import commands
from mercato_notifications.events import MAILS
from mercato_notifications.jobs import JOBS
from mercato_notifications.models import Base, Message
from mercato_notifications.privacy import PERSONAL_DATA
from mercato_notifications.provides import OwnMailer, StoredMessages
from mercato_notifications.routes import blueprint
from mercato_notifications.sample_data import make_sample_data
from mercato_notifications.settings import NotificationsSettings

feature = Feature(
    name="notifications",
    summary="Mails to customers and staff.",
    blueprints=[blueprint],
    metadata=Base.metadata,
    migrations=Path(__file__).parent / "migrations" / "versions",
    mails=Path(__file__).parent / "mails",
    references=[
        SoftReference(Message.subject_id, IdentityProvider, "subject", "keeps_snapshot"),
    ],
    # Another feature's mailer may answer, which `[capabilities]` chooses.
    needs=[Need(Mailer, ">=1,<2", at_least=0)],
    offers=[Offer(Messages, "1.0", StoredMessages), Offer(Mailer, "1.0", OwnMailer)],
    glue=[Glue(when=[Need(Orders, ">=1,<2")], handles=MAILS)],
    jobs=JOBS,
    settings=NotificationsSettings,
    startup=STARTUP,
    doctor=DOCTOR,
    gauges=GAUGES,
    cli=commands,
    personal_data=PERSONAL_DATA,
    sample_data=make_sample_data,
)
