"""A program: many processes redeem vouchers at once, and some are killed meanwhile.

It reads plans, one a line. For each list of calls of a plan it forks a process. A process that dies
is replaced by one that begins with the call that was not answered. The answers of a plan are
printed as a line of JSON: ``[[reference, answer], …]``.
"""

import json
import os
import signal
import sys
from functools import cache
from uuid import UUID

from mercato_contracts.baskets import Basket, Customer
from mercato_contracts.discounts import DiscountGone, Use
from mercato_kit import work
from mercato_kit.db import engine, utc_now
from mercato_testing.stage import make_app, set_up
from mercato_vouchers import services
from mercato_vouchers.feature import feature


class Storm:
    """The processes of one plan."""

    def __init__(self, app):
        self.app = app
        self.answers, self.write = os.pipe()
        self.begin, self.start = os.pipe()
        self.processes = {}
        os.set_blocking(self.answers, False)

    def run(self, lists):
        """Run lists of calls, each in a process, and return the answers."""
        for calls in lists:
            self.fork(calls)
        os.write(self.start, bytes(1000))
        found = []
        while self.processes:
            pid, status = os.wait()
            calls = self.processes.pop(pid)
            found += self.read()
            if os.WIFSIGNALED(status):
                self.fork(remaining(calls, {reference for reference, _ in found}))
        for pipe in (self.answers, self.write, self.begin, self.start):
            os.close(pipe)
        return found

    def fork(self, calls):
        """Start a process that makes calls when the storm begins."""
        if pid := os.fork():
            self.processes[pid] = calls
            return
        status = 1
        try:
            os.read(self.begin, 1)
            with self.app.app_context():
                for call in calls:
                    os.write(self.write, f"{call['reference']} {answer_of(call)}\n".encode())
            status = 0
        finally:
            os._exit(status)

    def read(self):
        """Return the answers since the last time."""
        try:
            text = os.read(self.answers, 1_000_000).decode()
        except BlockingIOError:
            return []
        return [line.split() for line in text.splitlines()]


@cache
def app_of(url):
    """Return the app on a database; its connections are closed, as a fork must not have them."""
    app = make_app(set_up(feature, [], {}), url)
    with app.app_context():
        warm_up()
        engine().dispose()
    return app


def warm_up():
    """Compile the statements once, not in each process."""

    def step():
        redeem(UUID(int=0), {"vouchers": [str(UUID(int=0))], "email": "warm@example.com"})

    try:
        work.run(step)
    except DiscountGone:
        return


def remaining(calls, answered):
    """Return the calls that were not answered; the first one has died once."""
    first, *others = [call for call in calls if call["reference"] not in answered]
    return [{**first, "deaths": first["deaths"][1:]}, *others]


def answer_of(call):
    """Make a call, or die: in its transaction, or after that was committed."""
    death = call["deaths"][0] if call["deaths"] else None
    answer = work.run(lambda: make(call, dies=death == "inside"))
    if death == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def make(call, *, dies):
    """Redeem, or give back."""
    reference = UUID(call["reference"])
    try:
        answer = give_back(reference) if call["verb"] == "give_back" else redeem(reference, call)
    except DiscountGone as gone:
        answer = gone.refusals[0].reason if gone.refusals else "canceled"
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def give_back(reference):
    """Give the uses of an order back."""
    return "given_back" if services.give_back_vouchers(reference) else "not_again"


def redeem(reference, call):
    """Redeem vouchers for an order of 20.00 EUR."""
    uses = [Use(voucher_id, "TEN", 200) for voucher_id in call["vouchers"]]
    basket = Basket((), "EUR", utc_now(), Customer(None, call["email"]))
    return services.redeem_vouchers(reference, uses, basket)


if __name__ == "__main__":
    for line in sys.stdin:
        plan = json.loads(line)
        print(json.dumps(Storm(app_of(plan["url"])).run(plan["calls"])), flush=True)  # noqa: T201
