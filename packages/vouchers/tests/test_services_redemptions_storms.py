"""Twelve processes redeem at once, on both databases; some are killed with SIGKILL."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from mercato_kit.db import new_id

from . import factories

PROCESSES = 12


@pytest.fixture(scope="module")
def program():
    """The program of the storms, which imports and compiles once for all of them."""
    arguments = [sys.executable, str(Path(__file__).with_name("storm.py"))]
    started = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with started:
        yield started
        started.stdin.close()


@pytest.fixture
def storm(program, database):
    """A function that runs a list of calls for each process, and returns all answers."""

    def run(calls):
        program.stdin.write(json.dumps({"url": database.url, "calls": calls}) + "\n")
        program.stdin.flush()
        return json.loads(program.stdout.readline())

    return run


def call_of(*vouchers, reference=None, verb="redeem", email=None, deaths=()):
    """Return a call of the program."""
    return {
        "verb": verb,
        "reference": str(reference or new_id()),
        "vouchers": [str(voucher) for voucher in vouchers],
        "email": email or f"{new_id()}@example.com",
        "deaths": list(deaths),
    }


def deaths_of(process, number):
    """Return how a process dies at a call: every third does at its second and its third one."""
    dies = process % 3 == 0 and number in (1, 2)
    return ["inside", "after"] if dies else []


class TestManyProcesses:
    def test_a_limit_is_used_exactly(self, storm, commit):
        """Of 84 orders, exactly 50 redeem a voucher with a limit of 50, though processes die."""
        voucher = commit(factories.make_voucher, max_redemptions=50)
        calls = [
            [call_of(voucher, deaths=deaths_of(process, number)) for number in range(7)]
            for process in range(PROCESSES)
        ]

        answers = storm(calls)

        results = Counter("gone" if answer == "used_up" else "counted" for _, answer in answers)
        assert results == {"counted": 50, "gone": 34}, Counter(answer for _, answer in answers)
        assert commit(factories.redeemed, voucher) == (50, 50)

    def test_a_limit_per_customer_is_used_exactly(self, storm, commit):
        """Each of two customers redeems a voucher exactly twice, though processes die."""
        voucher = commit(factories.make_voucher, max_redemptions_per_customer=2)
        emails = ["ada@example.com", "tom@example.com"]
        calls = [
            [
                call_of(voucher, email=emails[number % 2], deaths=deaths_of(process, number))
                for number in range(4)
            ]
            for process in range(PROCESSES)
        ]

        answers = storm(calls)

        used = sum(answer == "used_by_customer" for _, answer in answers)
        assert (len(answers) - used, used) == (4, 44)
        assert commit(factories.redeemed, voucher) == (0, 4)

    def test_identical_calls_act_once(self, storm, commit):
        """Twelve identical calls for each of 30 orders redeem 30 times, and give back 30 times."""
        limited = commit(factories.make_voucher, max_redemptions=40)
        each = commit(factories.make_voucher, code="EACH", max_redemptions_per_customer=3)
        orders = [
            call_of(limited, each, reference=new_id(), email=f"{number % 15}@example.com")
            for number in range(30)
        ]
        backs = [{**order, "verb": "give_back"} for order in orders]

        redeemed = storm([orders[turn:] + orders[:turn] for turn in range(PROCESSES)])
        left = commit(factories.redeemed, limited), commit(factories.redeemed, each)
        given_back = storm([backs[turn:] + backs[:turn] for turn in range(PROCESSES)])

        assert Counter(answer for _, answer in redeemed) == {"redeemed": 30, "already": 330}
        assert left == ((30, 30), (0, 30))
        assert Counter(answer for _, answer in given_back) == {"given_back": 30, "not_again": 330}
        assert commit(factories.redeemed, limited) == commit(factories.redeemed, each) == (0, 0)

    def test_a_canceled_order_keeps_no_use(self, storm, commit):
        """Of a concurrent redemption and cancellation, either is first, and no use is left."""
        voucher = commit(factories.make_voucher, max_redemptions=40)
        orders = [call_of(voucher) for _ in range(20)]
        backs = [{**order, "verb": "give_back"} for order in orders]

        answers = storm([orders, backs] * (PROCESSES // 2))

        assert sum(answer == "given_back" for _, answer in answers) == 20
        assert commit(factories.redeemed, voucher) == (0, 0)
