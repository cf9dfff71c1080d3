import csv
import json

import pytest
from click.testing import CliRunner

from mercato_orders import services
from mercato_orders.cli.orders import orders as group
from mercato_orders.files import COLUMNS, ExportFile, Reached

from .factories import order_of


@pytest.fixture
def orders(as_user, item):
    """Three orders, of customers whose names look like formulas, too."""
    names = ("Ada", "=1+1", "@Bob, B.")
    return [
        as_user(name=name).post("/v1/orders", json=order_of((item, 1), note="Ring\ntwice")).json
        for name in names
    ]


@pytest.fixture
def export(app, tmp_path):
    """A function that exports to a file; it returns the result and the file."""

    def run(*options, to="orders"):
        with app.app_context():
            arguments = ["export", "--to", str(tmp_path / to), *options]
            return CliRunner().invoke(group, arguments), tmp_path / to

    return run


class TestExport:
    def test_json_lines_are_orders_of_the_api(self, export, orders):
        """Each line is an order as the API shows it, oldest first."""
        done, file = export("--format", "jsonl")

        assert done.output == f"3 orders in {file}.\n"
        assert [json.loads(line) for line in file.read_text().splitlines()] == orders
        assert file.stat().st_mode & 0o777 == 0o600
        assert [one.name for one in file.parent.iterdir()] == [file.name]

    def test_csv_has_a_row_for_each_order(self, export, orders):
        """The columns are amounts and states; text that begins like a formula is quoted."""
        _, file = export()

        with file.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert list(rows[0]) == list(COLUMNS)
        assert [row["number"] for row in rows] == [str(order["number"]) for order in orders]
        assert [row["customer_name"] for row in rows] == ["Ada", "'=1+1", "'@Bob, B."]
        assert {(row["tax_included"], row["paid_at"], row["shipping_country"]) for row in rows} == {
            ("false", "", "IT")
        }

    @pytest.mark.parametrize(("since", "found"), [("2020-01-01", 3), ("2999-01-01T00:00:00Z", 0)])
    def test_since_a_time(self, export, orders, since, found):
        """--since leaves out what was placed before; without orders the file is empty."""
        _, file = export("--format", "jsonl", "--since", since)

        assert len(file.read_text().splitlines()) == found

    @pytest.mark.parametrize("format_", ["csv", "jsonl"])
    def test_resumes_what_was_killed(self, app, export, orders, format_):
        """--resume cuts off what was written last, and makes the file of a whole export."""
        whole, file = export("--format", format_)
        killed = ExportFile(file.with_name("killed"))
        with app.app_context():
            page = services.read_orders(limit=2)
        killed.append(killed.begin(Reached(format_, None)), page.orders, page.cursor)
        with killed.part.open("a") as part:
            part.write("half of a li")

        resumed, resumed_file = export("--format", format_, "--resume", to="killed")

        assert resumed.exit_code == whole.exit_code == 0, resumed.output
        assert resumed_file.read_bytes() == file.read_bytes()

    def test_resumes_after_the_last_page(self, app, export, orders):
        """An export that was killed before its file got its name writes no order again."""
        _, file = export("--format", "jsonl")
        killed = ExportFile(file.with_name("killed"))
        with app.app_context():
            page = services.read_orders()
        killed.append(killed.begin(Reached("jsonl", None)), page.orders, page.cursor)

        _, resumed_file = export("--format", "jsonl", "--resume", to="killed")

        assert resumed_file.read_bytes() == file.read_bytes()

    def test_does_not_resume_another_export(self, export, orders, tmp_path):
        """--resume is refused if no export with these options ended early; nothing is written."""
        ExportFile(tmp_path / "orders").begin(Reached("csv", None))

        refused = [
            export("--resume", "--format", "jsonl")[0],
            export("--resume", "--since", "2020-01-01")[0],
            export("--resume", to="another")[0],
        ]

        assert [one.exit_code for one in refused] == [1, 1, 1]
        assert "leave --resume out" in refused[0].output
        assert not (tmp_path / "orders").exists()

    def test_does_not_replace_a_file(self, export, orders, tmp_path):
        """A file that exists is refused and stays."""
        (tmp_path / "orders").write_text("mine")

        refused, file = export()

        assert (refused.exit_code, file.read_text()) == (1, "mine")
        assert "exists" in refused.output

    def test_takes_no_longer_for_a_page_of_any_length(self, app, orders, statements):
        """A page is one statement, whatever the number of orders and lines."""
        with app.app_context(), statements as sent:
            services.read_orders()

        assert len(sent) == 1, sent
