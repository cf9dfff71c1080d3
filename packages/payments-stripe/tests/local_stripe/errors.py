"""Errors as Stripe's API answers them."""


class ApiError(Exception):
    """An answer with status 400 or above.

    Args:
        status: HTTP status.
        message: Why, for people.
        code: Why, for programs.
        is_kept: Whether the same key gets it again: it does once execution has begun.
        fields: Other fields of the error, such as ``decline_code``.
    """

    def __init__(self, status, message, code=None, *, is_kept=True, **fields):
        super().__init__(message)
        self.status = status
        self.is_kept = is_kept
        kind = fields.pop("type", "invalid_request_error" if status < 500 else "api_error")
        error = {"type": kind, "message": message, "code": code, **fields}
        self.body = {"error": {name: value for name, value in error.items() if value is not None}}


def invalid(message, param=None):
    """Return the error of parameters that are wrong, for which nothing is executed."""
    return ApiError(400, message, "parameter_invalid_empty", is_kept=False, param=param)


def missing(kind, id_):
    """Return the error of an object that does not exist."""
    return ApiError(404, f"No such {kind}: '{id_}'", "resource_missing", param="id")


def too_late(intent, verb):
    """Return the error of a payment intent whose status does not allow a call."""
    message = (
        f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
    )
    return ApiError(400, message, "payment_intent_unexpected_state", payment_intent=dict(intent))


def declined(intent, decline_code):
    """Return the error of a card that is declined."""
    code = "card_declined"
    last = {"type": "card_error", "code": code, "decline_code": decline_code}
    intent["last_payment_error"] = {**last, "message": "Your card was declined."}
    return ApiError(
        402,
        "Your card was declined.",
        code,
        type="card_error",
        decline_code=decline_code,
        payment_intent=dict(intent),
    )
