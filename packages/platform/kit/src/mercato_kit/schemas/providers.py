"""A field with the name of a provider."""

from typing import Any

from marshmallow import ValidationError

from mercato_kit import services
from mercato_kit.schemas.fields import Line
from mercato_kit.schemas.messages import Message


class ProviderName(Line):
    """The name of a provider of a contract that many answer, for input.

    The API document refers to a component with the names of the composed providers, so that of the
    feature itself does not depend on others. Records keep names of providers that may be gone:
    show those as :class:`Line`.

    Args:
        contract: The Protocol.
    """

    def __init__(self, contract: type[Any], **kwargs: Any) -> None:
        self.contract = contract
        super().__init__(max=30, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        name = super()._deserialize(value, *args, **kwargs)
        if name not in (names := services.names(self.contract)):
            known = ", ".join(names) or "none"
            raise ValidationError(Message(f"Must be one of: {known}.", "choice"))
        return name
