"""A pass to log in is mailed to the owner of an account, whose attempts strangers used up."""

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_users import attempts, topics
from mercato_users.attempts import Counter
from mercato_users.models import User

MAILS_A_DAY = 5


def request_login_link(email: str) -> None:
    """Mail a pass to log in, if an active, verified account with this address exists.

    Otherwise the same statements run, but no mail is sent.

    Raises:
        TooManyRequests: Five mails were requested within a day.
    """
    canonical = canonical_email(email)
    attempts.count([Counter("mail.login", canonical, MAILS_A_DAY, attempts.DAY)])
    user_id = session.scalar(
        sa.select(User.id).where(
            User.email_canonical == canonical,
            User.status == "active",
            User.email_verified_at.is_not(None),
        )
    )
    topics.request_mail(topics.LOGIN_LINK_REQUESTED, user_id)
