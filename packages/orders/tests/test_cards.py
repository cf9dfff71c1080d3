import pytest

from mercato_orders.cards import is_card_number


class TestIsCardNumber:
    @pytest.mark.parametrize(
        "text",
        [
            "4242424242424242",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242.4242.4242.4242",
            "4242 - 4242 - 4242 - 4242.",
            "378282246310005",
        ],
    )
    def test_finds_numbers(self, text):
        """A number is found however people write it."""
        assert is_card_number(text)

    @pytest.mark.parametrize(
        "text", ["pm_4242424242424242", "4242424242424241", "42424242424", "tok-1", "4" * 24]
    )
    def test_leaves_tokens(self, text):
        """Tokens, too short or long numbers, and those with a wrong check digit are none."""
        assert not is_card_number(text)
