import threading
import time

import pytest

from mercato_payments_stripe.deadlines import within


class TestWithin:
    def test_returns_what_the_call_returns(self):
        """A call that ends in time is as if it was made directly."""
        assert within(5, lambda: 7) == 7

    def test_raises_what_the_call_raises(self):
        """An error of the call is the caller's."""
        with pytest.raises(ZeroDivisionError):
            within(5, lambda: 1 // 0)

    def test_ends_in_time(self):
        """A call that never ends keeps nothing waiting."""
        never, started = threading.Event(), time.monotonic()

        with pytest.raises(TimeoutError):
            within(0.05, never.wait)
        seconds = time.monotonic() - started
        never.set()

        assert seconds < 2
