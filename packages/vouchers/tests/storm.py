"""A program: many processes redeem vouchers at once, and some are killed meanwhile.

``python storm.py PLAN`` forks a process for each list of calls in the plan. A process that dies is
replaced by one that begins with the call that was not answered. The answers are printed as JSON.
"""

import json
import os
import signal
import sys
from uuid import UUID

from mercato_contracts.baskets import Basket, Customer
from mercato_contracts.discounts import DiscountGone, Use
from mercato_kit import work
from mercato_kit.db import utc_now
from mercato_testing.stage import make_app, set_up
from mercato_vouchers import services
from mercato_vouchers.feature import feature


def main(plan):
    """Run the calls of each process, and return ``[reference, answer]`` of each call."""
    app = make_app(set_up(feature, [], {}), plan["url"])
    answers, write = os.pipe()
    begin, start = os.pipe()
    processes = {}

    def fork(calls):
        pid = os.fork()
        if pid:
            processes[pid] = calls
            return
        try:
            os.read(begin, 1)
            with app.app_context():
                for number, call in enumerate(calls):
                    answer = answer_of(call)
                    os.write(write, f"{os.getpid()} {call['reference']} {answer}\n".encode())
                    calls[number]["deaths"] = []
        finally:
            os._exit(0)

    for calls in plan["calls"]:
        fork(calls)
    os.write(start, b"x" * 1000)
    found = []
    while processes:
        pid, status = os.wait()
        calls = processes.pop(pid)
        done = read_answers(answers)
        found += done
        answered = {reference for _, reference, _ in found}
        if os.WIFSIGNALED(status):
            fork(remaining(calls, answered))
    return [[reference, answer] for _, reference, answer in found]


def remaining(calls, answered):
    """Return the calls that were not answered; the first one has died once."""
    first, *others = [call for call in calls if call["reference"] not in answered]
    return [{**first, "deaths": first["deaths"][1:]}, *others]


def read_answers(pipe):
    """Return the lines that are in a pipe."""
    os.set_blocking(pipe, False)
    try:
        text = os.read(pipe, 1_000_000).decode()
    except BlockingIOError:
        return []
    return [line.split() for line in text.splitlines()]


def answer_of(call):
    """Make a call, or die: in its transaction, or after that was committed."""
    deaths = call["deaths"]
    answer = work.run(lambda: make(call, dies="inside" in deaths[:1]))
    if "after" in deaths[:1]:
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
    print(json.dumps(main(json.loads(sys.stdin.read()))))  # noqa: T201 - the result
