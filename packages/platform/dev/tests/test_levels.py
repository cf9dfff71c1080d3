from mercato_dev.levels import Level, Reason


class TestLevel:
    def test_the_greatest_is_the_one_to_raise(self):
        """Levels compare: one major change makes the whole release major."""
        assert max([Level.MINOR, Level.MAJOR, Level.PATCH]) is Level.MAJOR

    def test_has_a_name_for_people(self):
        """In text a level is the word that people type."""
        assert f"{Level.MINOR}" == str(Level.MINOR) == "minor"


class TestReason:
    def test_is_one_line(self):
        """A reason is one line whose columns stand below those of others."""
        gone = Reason(Level.MAJOR, "HTTP", "GET /v1/orders: 200 response: field number is gone")
        new = Reason(Level.PATCH, "fragment", "fixed")

        lines = [str(gone), str(new)]

        assert lines == [
            "major  HTTP      GET /v1/orders: 200 response: field number is gone",
            "patch  fragment  fixed",
        ]
