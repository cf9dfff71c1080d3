"""One feature is released alone, and releases that would break something are refused."""

from packaging.version import Version

from mercato_dev.wheel_writer import write_wheel

from .deploying import second_index
from .scratch import KIT, ORDERS, ROUTE_FILE

ROUTE = "/v1/orders/short-name?of=00000000-0000-0000-0000-000000000abc"
MIGRATION = f"{ORDERS}/src/mercato_orders/migrations/versions/0001_initial.py"


class TestRelease:
    def test_of_one_feature_reaches_a_deployment(self, scratch, operator):
        """A new field of orders releases only orders, and the next lock has that version."""
        before = operator.lock()
        schema = '"""The short name of an order."""\n\n'
        field = '    digits = Integer(metadata={"description": "How many digits it has"})\n'
        scratch.replace(ROUTE_FILE, schema, schema + field)
        answer = 'short_name(query["of"])'
        scratch.replace(ROUTE_FILE, answer, f'{answer}, "digits": 6')
        imported = "from mercato_kit.schemas import "
        scratch.replace(ROUTE_FILE, imported, f"{imported}Integer, ")
        scratch.show({"digits": 6, "short_name": "000abc"})
        scratch.note("orders", "added", "How many digits a short name has.")
        scratch.commit("orders: how many digits a short name has")

        said = scratch.do("release", "--", "orders")
        (tag,) = scratch.git("tag", "--points-at", "HEAD").splitlines()
        scratch.do("publish", "--", tag, "--local")
        operator.mirror(scratch.published)
        after = operator.lock()

        assert operator.install() == after
        assert "> .digits is new" in said
        assert tag == f"orders-v{after['mercato-orders']}"
        assert Version(after.pop("mercato-orders")) > Version(before.pop("mercato-orders"))
        assert after == before
        assert operator.ask(ROUTE) == {"short_name": "000abc", "digits": 6}

    def test_of_a_kit_that_breaks_a_released_feature_is_refused(self, scratch):
        """A kit that breaks a released feature is refused, although all tests here pass."""
        scratch.replace(f"{KIT}/src/mercato_kit/short_names.py", "hex[-6:]", "hex[-6:].upper()")
        for package in (KIT, ORDERS):
            test = f"{package}/tests/test_short_names.py"
            scratch.replace(test, '"000abc"', '"000ABC"')
        scratch.note("kit", "fixed", "Short names are easier to read.")
        scratch.commit("kit, orders: short names in capitals")

        scratch.do("tests(kit)", "tests(orders)")
        incompatible = scratch.refuse("compat(platform)")
        gated = scratch.refuse("gates(platform)")

        assert "mercato-orders" in incompatible
        assert "test_short_names.py" in incompatible
        assert "compat(platform)" in gated
        assert "mercato-orders" in gated

    def test_of_a_changed_field_as_a_repair_is_refused(self, scratch):
        """A renamed response field cannot be released as a fix."""
        scratch.replace(ROUTE_FILE, "    short_name = Text", "    name = Text")
        scratch.replace(ROUTE_FILE, '{"short_name"', '{"name"')
        scratch.replace(f"{ORDERS}/tests/test_short_names.py", '["short_name"]', '["name"]')
        scratch.note("orders", "fixed", "The short name has a shorter name.")
        scratch.commit("orders: a shorter name for the short name")

        for session in (["gates(orders)"], ["release", "--", "orders"]):
            said = scratch.refuse(*session)

            assert "the fragments declare patch, the changes need major" in said
            assert "> .short_name is gone" in said
        assert scratch.git("status", "--porcelain") == ""

    def test_of_an_edited_migration_is_refused(self, scratch):
        """A released migration that was edited is refused."""
        text = (scratch.folder / MIGRATION).read_text()
        scratch.write(MIGRATION, f"{text}\n# A comment.\n")
        scratch.note("orders", "fixed", "A word in a migration.")
        scratch.commit("orders: a word")

        for session in (["gates(orders)"], ["release", "--", "orders"]):
            said = scratch.refuse(*session)

            assert "0001_initial.py was released with orders-v" in said

    def test_without_the_migrations_is_refused(self, scratch):
        """A wheel without migrations is refused by ``gates`` and by ``publish``."""
        settings = f"{ORDERS}/pyproject.toml"
        packages = 'packages = ["src/mercato_orders"]\n'
        scratch.replace(settings, packages, f'{packages}exclude = ["migrations"]\n')
        scratch.note("orders", "fixed", "A smaller wheel.")
        scratch.commit("orders: a smaller wheel")
        version = scratch.raise_version("orders")
        tag = f"orders-v{version}"
        scratch.git("tag", "--annotate", tag, "--message=By hand.")

        gated = scratch.refuse("gates(orders)")
        published = scratch.refuse("publish", "--", tag, "--local")

        for said in (gated, published):
            assert "migrations/versions is missing or empty" in said
        assert not list(scratch.published.glob(f"mercato_orders-{version}*"))


class TestDeployment:
    def test_never_installs_a_stranger(self, scratch, operator, tmp_path):
        """A higher version of one of our names on a second index is not installed."""
        foreign = write_wheel(
            tmp_path, "mercato-users", "99.0", {"mercato_users.py": "stolen = 1\n"}
        )
        with second_index(tmp_path / "second", foreign) as second:
            tempted = {
                "PIP_EXTRA_INDEX_URL": second.url,
                "PIP_FIND_LINKS": str(tmp_path),
                "UV_EXTRA_INDEX_URL": second.url,
                "UV_FIND_LINKS": str(tmp_path),
                "UV_INDEX": second.url,
                "UV_INDEX_STRATEGY": "unsafe-best-match",
            }

            careless = operator.would_install("mercato-users", **tempted)
            locked = operator.lock(**tempted)
            installed = operator.install(**tempted)

        assert "mercato-users==99.0" in careless
        assert locked["mercato-users"] == scratch.version("users")
        assert installed == locked
