from mercato_kit.settings import read
from mercato_vouchers.settings import VouchersSettings


class TestCustomerKey:
    def test_refuses_a_short_key(self):
        """A key of fewer than 32 characters is refused, and not shown."""
        settings, (mistake,) = read(VouchersSettings, {"customer_key": "x" * 31})

        assert settings is None
        assert (mistake.key, mistake.detail) == ("customer_key", "expected 32 characters or more")

    def test_accepts_a_long_key(self):
        """A key of 32 characters is accepted."""
        settings, mistakes = read(VouchersSettings, {"customer_key": "x" * 32})

        assert mistakes == []
        assert settings.customer_key.reveal() == "x" * 32
