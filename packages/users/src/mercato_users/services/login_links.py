"""A pass to log in is mailed to the owner of an account, whose attempts strangers used up."""

from mercato_users import topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import User
from mercato_users.services import known_devices, mail_limits


def request_login_link(
    email: str, client: Client = UNKNOWN, device_token: str | None = None
) -> None:
    """Mail a pass to log in, if an active, verified account with this address exists.

    Otherwise the same statements run, but no mail is sent.

    Raises:
        TooManyRequests: Too many mails were asked for.
    """
    is_verified = User.email_verified_at.is_not(None)
    found = known_devices.find_owner(email, device_token, is_verified)
    mail_limits.require("login", email, client, device_id=found.device_id)
    topics.request_mail(topics.LOGIN_LINK_REQUESTED, found.user_id)
