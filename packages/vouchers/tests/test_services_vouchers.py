import pytest

from mercato_kit.db import engine, new_id
from mercato_testing.plans import Plans
from mercato_vouchers import services

from .factories import body_of, make_voucher, redeem

PATH = "/v1/vouchers"


@pytest.fixture
def ten(charlie):
    """The body of a voucher of 10 % by the code TEN."""
    return charlie.post(PATH, json=body_of()).json


def change(who, voucher, **changes):
    """Change a voucher of which *who* has read the body."""
    etag = {"If-Match": f'"{voucher["version"]}"'}
    return who.patch(f"{PATH}/{voucher['id']}", json=changes, headers=etag)


def errors_of(response):
    """Return the pointers and codes of the errors of a 422."""
    assert response.status_code == 422, response.json
    return [(error["pointer"], error["code"]) for error in response.json["errors"]]


class TestCreateVoucher:
    def test_creates_a_voucher(self, charlie, security_log):
        """The response has all members; the change is in the security log, without the code."""
        customer, product = str(new_id()), str(new_id())
        body = body_of(
            product_ids=[product],
            minimum_amounts={"EUR": 1_000},
            customer_id=customer,
            valid_from="2026-01-01T00:00:00.000Z",
            max_redemptions=5,
        )

        made = charlie.post(PATH, json=body)

        assert made.status_code == 201
        assert {**made.json, **body} == made.json
        assert made.headers["Location"] == f"{PATH}/{made.json['id']}"
        (line,) = security_log()
        assert (line["event"], str(line["voucher_id"])) == ("voucher_created", made.json["id"])

    @pytest.mark.parametrize("code", ["ten", "  Ten ", "\uff34\uff25\uff2e"])
    def test_codes_have_one_form(self, charlie, code):
        """Codes that differ in case, white space or width are one code."""
        made = charlie.post(PATH, json=body_of(code=code))

        refused = charlie.post(PATH, json=body_of())

        assert made.json["code"] == "TEN"
        assert (refused.status_code, refused.json["code"]) == (409, "code_taken")

    def test_many_vouchers_have_no_code(self, charlie):
        """Automatic vouchers do not clash."""
        answers = [charlie.post(PATH, json=body_of(code=None)) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]

    @pytest.mark.parametrize(
        ("members", "errors"),
        [
            ({"ppm": None}, [("/ppm", "null")]),
            ({"kind": "amount"}, [("/amounts", "required"), ("/ppm", "unexpected")]),
            ({"amounts": {"EUR": 5}}, [("/amounts", "unexpected")]),
            ({"kind": "free_shipping"}, [("/ppm", "unexpected")]),
            ({"amounts": {"ABC": 5}}, [("/amounts/ABC", "choice")]),
            ({"ppm": 1_000_001}, [("/ppm", "max")]),
            ({"code": ""}, [("/code", "min_length")]),
            ({"code": " "}, [("/code", "min_length")]),
            ({"name": " "}, [("/name", "blank")]),
            ({"product_ids": ["lamp"]}, [("/product_ids/0", "format")]),
            (
                {"valid_from": "2026-01-02T00:00:00Z", "valid_until": "2026-01-02T00:00:00Z"},
                [("/valid_until", "range")],
            ),
        ],
    )
    def test_refuses_contradictions(self, charlie, members, errors):
        """Members that are wrong, or contradict each other, are refused at their pointers."""
        assert errors_of(charlie.post(PATH, json=body_of(**members))) == errors

    def test_an_amount_voucher_has_no_maximum(self, charlie):
        """The maximum of an amount is the amount."""
        body = {"name": "Five", "kind": "amount", "amounts": {"EUR": 500}}

        refused = charlie.post(PATH, json={**body, "at_most_amounts": {"EUR": 100}})

        assert errors_of(refused) == [("/at_most_amounts", "unexpected")]
        assert charlie.post(PATH, json=body).status_code == 201

    def test_refuses_customers(self, client, alice):
        """Only staff with the permission create vouchers."""
        assert client.post(PATH, json=body_of()).status_code == 401
        assert alice.post(PATH, json=body_of()).status_code == 403


class TestFindVoucher:
    def test_staff_find_it(self, charlie, ten):
        """The response is that of the creation, with the version as ETag."""
        found = charlie.get(f"{PATH}/{ten['id']}")

        assert found.json == ten
        assert found.headers["ETag"] == '"1"'
        assert charlie.get(f"{PATH}/{new_id()}").status_code == 404


class TestListVouchers:
    def test_filters(self, charlie, ten):
        """A code is found in any spelling; archived vouchers are listed apart."""
        old = charlie.post(PATH, json=body_of(code="OLD")).json
        charlie.delete(f"{PATH}/{old['id']}", headers={"If-Match": '"1"'})

        def ids(query):
            return [one["id"] for one in charlie.get(f"{PATH}?{query}").json["data"]]

        assert ids("") == [old["id"], ten["id"]]
        assert ids("code=ten") == ids("archived=false") == [ten["id"]]
        assert ids("archived=true") == [old["id"]]

    def test_reads_no_whole_table(self, app, charlie, ten):
        """The list, and the search for a code, use indexes."""
        for query in ("", "?code=TEN"):
            with app.app_context(), Plans(engine()) as plans:
                charlie.get(f"{PATH}{query}")

            assert plans.scans() == plans.sorts() == []


class TestUpdateVoucher:
    def test_changes_members(self, charlie, ten):
        """What is sent is changed, and the rest stays."""
        changed = change(charlie, ten, ppm=50_000, valid_until="2027-01-01T00:00:00.000Z")

        expected = {"ppm": 50_000, "valid_until": "2027-01-01T00:00:00.000Z", "version": 2}
        assert changed.status_code == 200
        assert changed.json | {"updated_at": ten["updated_at"]} == ten | expected

    def test_refuses_an_outdated_version(self, charlie, ten):
        """A change of what has changed since is refused."""
        change(charlie, ten, name="Five")

        assert change(charlie, ten, name="Six").status_code == 412

    def test_checks_the_whole_voucher(self, charlie, ten):
        """A change that contradicts what stays is refused."""
        assert errors_of(change(charlie, ten, amounts={"EUR": 5})) == [("/amounts", "unexpected")]

    @pytest.mark.parametrize(("before", "after"), [(None, 5), (5, None)])
    def test_a_limit_does_not_come_or_go(self, charlie, before, after):
        """Uses of a voucher without a limit are not counted, so it cannot get one."""
        voucher = charlie.post(PATH, json=body_of(max_redemptions=before)).json

        refused = change(charlie, voucher, max_redemptions=after)

        assert errors_of(refused) == [("/max_redemptions", "fixed")]

    def test_a_limit_is_not_below_the_uses(self, charlie, commit):
        """A limit can be lowered to the number of uses, and no further."""
        voucher_id = commit(make_voucher, max_redemptions=5)
        for _ in range(2):
            commit(redeem, [voucher_id])
        voucher = charlie.get(f"{PATH}/{voucher_id}").json

        refused = change(charlie, voucher, max_redemptions=1)

        assert (refused.status_code, refused.json["code"]) == (409, "limit_below_redemptions")
        assert change(charlie, voucher, max_redemptions=2).status_code == 200

    def test_orders_do_not_change_the_version(self, charlie, commit):
        """Staff can change a voucher that is redeemed meanwhile."""
        voucher_id = commit(make_voucher, max_redemptions=5)
        voucher = charlie.get(f"{PATH}/{voucher_id}").json
        commit(redeem, [voucher_id])

        assert charlie.get(f"{PATH}/{voucher_id}").json == voucher
        assert change(charlie, voucher, name="Five").status_code == 200


class TestArchiveVoucher:
    def test_it_has_expired(self, charlie, ten, security_log):
        """An archived voucher stays readable; a second request changes nothing."""
        etags = [{"If-Match": f'"{version}"'} for version in (1, 2)]

        answers = [charlie.delete(f"{PATH}/{ten['id']}", headers=etag) for etag in etags]

        archived = charlie.get(f"{PATH}/{ten['id']}").json
        assert [answer.status_code for answer in answers] == [204, 204]
        assert (archived["version"], archived["archived_at"] is None) == (2, False)
        events = [line["event"] for line in security_log()]
        assert events.count("voucher_archived") == 1


class TestListRedemptions:
    def test_lists_uses(self, charlie, commit):
        """Each use has its order, the amount, and when the order was canceled."""
        voucher = commit(make_voucher)
        kept, canceled = new_id(), new_id()
        for reference in (kept, canceled):
            commit(redeem, [voucher], reference)
        commit(services.give_back_vouchers, canceled)

        answer = charlie.get(f"{PATH}/{voucher}/redemptions?include=total")

        last, first = answer.json["data"]
        assert (last["reference"], first["reference"]) == (str(canceled), str(kept))
        assert (first["amount"], first["currency"], first["canceled_at"]) == (200, "EUR", None)
        assert last["canceled_at"] is not None
        assert answer.json["total"] == 2

    def test_pages(self, app, charlie, commit):
        """Pages follow each other without gaps; the list uses an index."""
        voucher = commit(make_voucher)
        references = [new_id() for _ in range(3)]
        for reference in references:
            commit(redeem, [voucher], reference)
        path = f"{PATH}/{voucher}/redemptions?limit=2"

        first = charlie.get(path).json
        with app.app_context(), Plans(engine()) as plans:
            rest = charlie.get(f"{path}&cursor={first['next_cursor']}").json

        pages = first["data"] + rest["data"]
        assert [one["reference"] for one in pages] == [*map(str, reversed(references))]
        assert plans.scans() == plans.sorts() == []

    def test_refuses_customers(self, alice, charlie, ten):
        """Customers see no redemptions; those of an unknown voucher are not found."""
        assert alice.get(f"{PATH}/{ten['id']}/redemptions").status_code == 403
        assert charlie.get(f"{PATH}/{new_id()}/redemptions").status_code == 404
