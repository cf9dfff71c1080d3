import marshmallow as ma
import pytest

from mercato_kit.csv_files import InvalidCsv, mistakes_of, read_cells, read_csv, to_csv
from mercato_kit.errors import FieldError
from mercato_kit.schemas import Integer, QuerySchema, Text


class RowSchema(QuerySchema):
    name = Text(required=True, min=1, max=5)
    units = Integer(min=0, max=99)


@pytest.fixture
def read(tmp_path):
    """A function that reads a text as a file of rows."""

    def read_text(text, **options):
        path = tmp_path / "rows.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_csv(path, RowSchema(), **options)

    return read_text


def mistakes(refused):
    """Return the lines of a refusal."""
    return refused.value.message.splitlines()


class TestReadCsv:
    @pytest.mark.parametrize(
        "text",
        [
            "name,units\nLamp,3\nMug,\n",
            "units;name\r\n3;Lamp\r\n;Mug\r\n",
            "\ufeffname,units\nLamp,3\n\nMug\n",
        ],
    )
    def test_reads_rows(self, read, text):
        """Commas or semicolons, both ends of lines, a byte order mark, empty and missing cells."""
        rows = read(text)

        assert [row for _, row in rows] == [{"name": "Lamp", "units": 3}, {"name": "Mug"}]
        assert rows[0][0] == 2

    def test_lists_every_mistake_with_its_line(self, read):
        """All mistakes of all lines are reported, also after a cell with a line break."""
        with pytest.raises(InvalidCsv) as refused:
            read('name,units\n"a\nb",1\nLantern,100\n,x\n')

        assert mistakes(refused) == [
            "rows.csv:4: name: Longer than maximum length 5.",
            "rows.csv:4: units: Must be less than or equal to 99.",
            "rows.csv:5: name: Missing data for required field.",
            "rows.csv:5: units: Not a valid integer.",
        ]

    def test_reports_what_the_check_finds(self, read):
        """A row that is valid alone can be refused by the caller."""
        with pytest.raises(InvalidCsv) as refused:
            read(
                "name\nLamp\n", check=lambda row: [FieldError("/name", "taken", f"{row['name']}!")]
            )

        assert mistakes(refused) == ["rows.csv:2: name: Lamp!"]

    @pytest.mark.parametrize(
        ("text", "mistake"),
        [
            ("", "rows.csv:1: the column name is missing"),
            ("units\n1\n", "rows.csv:1: the column name is missing"),
            ("name,colour\n", "rows.csv:1: 'colour' is not a column; these are: name, units"),
            ("name,name\n", "rows.csv:1: there are several columns name"),
            ("name\nLamp,3\n", "rows.csv:2: has more cells than line 1"),
            ('name\n"Lamp', "rows.csv:2: unexpected end of data"),
            (b"name\n\xff\n", "rows.csv: is not text in UTF-8"),
        ],
    )
    def test_refuses_other_files(self, read, text, mistake):
        """Columns are checked, and the message says what is wrong where."""
        with pytest.raises(InvalidCsv) as refused:
            read(text)

        assert mistakes(refused) == [mistake]

    def test_shows_some_mistakes(self, read):
        """A file of another kind does not fill the screen."""
        with pytest.raises(InvalidCsv) as refused:
            read("name\n" + "Lantern\n" * 101)

        assert len(mistakes(refused)) == 101
        assert mistakes(refused)[-1] == "and 1 more mistakes"


class TestReadCells:
    def test_reads_one_row_after_another(self, tmp_path):
        """A long file is not held in memory; a row of another form ends the reading."""
        path = tmp_path / "rows.csv"
        path.write_text("name,units\nLamp,many\nMug,3,4\n")

        cells = read_cells(path, RowSchema())

        assert next(cells) == (2, {"name": "Lamp", "units": "many"})
        with pytest.raises(InvalidCsv, match="has more cells than line 1"):
            next(cells)


class TestMistakesOf:
    def test_has_a_line_for_each_message(self):
        """Messages of nested fields have the path of the field."""
        with pytest.raises(ma.ValidationError) as refused:
            RowSchema().load({"units": "many"})
        nested = {"lines": {0: {"units": ["Not a number."]}}}

        assert sorted(mistakes_of(refused.value.messages_dict)) == [
            "name: Missing data for required field.",
            "units: Not a valid integer.",
        ]
        assert list(mistakes_of(nested)) == ["lines.0.units: Not a number."]


class TestToCsv:
    def test_is_what_read_csv_reads(self, read):
        """Rows that were written are read again, with quotes and without values."""
        rows = [{"name": 'a, "b', "units": 3}, {"name": "Mug", "units": None}]

        text = to_csv(RowSchema(), rows)

        assert [row for _, row in read(text)] == [rows[0], {"name": "Mug"}]
