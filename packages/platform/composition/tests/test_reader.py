import pytest

from mercato_composition.deployment.file import load
from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError

from .readings import KEY, OF_A_SERVICE, faults_of


@pytest.fixture
def write(tmp_path):
    """Write a deployment file, and return its path."""

    def write(text):
        path = tmp_path / "deployment.toml"
        path.write_text(text)
        return path

    return write


class TestRead:
    def test_reads_the_file_that_the_environment_names(self, write):
        """MERCATO_DEPLOYMENT names the file."""
        path = write('environment = "testing"\n[features.reviews]\nrequired = false\n')

        deployment = read_deployment(environ={"MERCATO_DEPLOYMENT": str(path)})

        assert deployment.path == path
        assert deployment.environment == "testing"
        assert not deployment.features["reviews"].required

    @pytest.mark.provokes("K100")
    def test_a_missing_file_is_named(self, tmp_path):
        """K100 has the path of a missing file."""
        path = tmp_path / "away.toml"

        [(code, where, what)] = faults_of(path=path)

        assert (code, where) == ("K100", str(path))
        assert str(path) in what

    @pytest.mark.provokes("K100")
    def test_bad_toml_is_named_with_line_and_column(self, write):
        """K100 has line and column of invalid TOML."""
        [(code, where, what)] = faults_of(path=write("redis = {}\nenvironment = \n"))

        assert (code, where) == ("K100", "deployment.toml:2:15")
        assert what == "the file is not valid TOML: Invalid value."

    @pytest.mark.provokes("K100")
    def test_a_broken_header_hides_its_own_keys_only(self, write):
        """K100 of a header says that its keys were not read; the fix is the header."""
        text = 'environment = "testing"\n[server\nport = "abc"\n[logging]\nlevel = "loud"\n'

        with pytest.raises(DeploymentError) as refused:
            read_deployment(write(text), {})

        header, level = refused.value.faults
        assert (header.key, header.fix.splitlines()[1:]) == ("K100@server", ["    [server]"])
        assert header.what.endswith("declaration. The keys below it were not read.")
        assert level.key == "K202@logging.level"

    @pytest.mark.provokes("K100")
    def test_a_broken_value_is_not_absent(self, write):
        """A key whose value cannot be read has no default, and is not reported as missing."""
        found = faults_of(path=write("secret_key = \n[database]\nurl = \n"))

        assert [(code, where) for code, where, _ in found] == [
            ("K100", "deployment.toml:1:14"),
            ("K100", "deployment.toml:3:7"),
        ]

    @pytest.mark.provokes("K100")
    def test_a_line_without_a_key_makes_the_unsaid_unknown(self, write):
        """What a table does not say is unknown where one of its lines cannot be read."""
        [(code, where, _)] = faults_of(path=write("?\n"))

        assert (code, where) == ("K100", "deployment.toml:1:1")

    @pytest.mark.provokes("K100")
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("environment = " + "1" * 5000, "A value in it is out of range"),
            ("environment = " + "[" * 3000, "Its tables and lists are nested too deep"),
        ],
        ids=["a long number", "deep lists"],
    )
    def test_what_no_reader_can_hold(self, write, text, why):
        """K100: valid TOML may exceed limits of the parser."""
        [(code, _, what)] = faults_of(path=write(text))

        assert code == "K100"
        assert why in what

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("file", ["postgresql://u:hush-hush@h/db", "a\0b"])
    def test_a_secret_where_its_file_belongs(self, file):
        """K202: any name of a secret's file is accepted, and a URL with a password is not shown."""
        values = {"environment": "testing", "database": {"url_file": file}}

        [code, *_], *_ = found = faults_of(values)

        assert code == "K202"
        assert "hush" not in str(found)

    @pytest.mark.provokes("K100")
    def test_a_secret_where_the_environment_belongs(self):
        """K100 does not show a secret in place of the environment's name."""
        found = faults_of({"environment": "postgresql://u:hush-hush@h/db"})

        assert "K100" in [code for code, _, _ in found]
        assert "hush" not in str(found)

    @pytest.mark.provokes("K100")
    @pytest.mark.parametrize(
        ("encoding", "name"), [("utf-16", "UTF-16"), ("latin-1", "WINDOWS-1252")]
    )
    def test_another_encoding(self, tmp_path, encoding, name):
        """K100 of a file that is not UTF-8 proposes to save it so; the file is read on."""
        file = tmp_path / "deployment.toml"
        text = 'environment = "testing"  # für Bücher\n[server]\nprot = 1\n'
        file.write_text(text, encoding=encoding)

        with pytest.raises(DeploymentError) as refused:
            read_deployment(file, {})

        first, second = refused.value.faults
        assert (first.key, second.key) == ("K100@text", "K203@server.prot")
        assert first.fix.startswith(f"iconv -f {name} -t UTF-8 ")

    def test_a_byte_order_mark(self, tmp_path):
        """A byte order mark before UTF-8 is ignored."""
        file = tmp_path / "deployment.toml"
        file.write_text('environment = "testing"\n', encoding="utf-8-sig")

        assert read_deployment(file, {}).environment == "testing"

    @pytest.mark.provokes("K102")
    def test_a_feature_named_twice(self, write):
        """K102 has the numbers of both lines."""
        text = 'environment = "testing"\n[features.reviews]\n[features.reviews]\n'

        [fault] = faults_of(path=write(text))

        what = "features.reviews appears twice: in line 2 and in line 3."
        assert fault == ("K102", "deployment.toml:3:1", what)

    @pytest.mark.parametrize(
        ("text", "fix"),
        [
            ("[server]\nport = 1\nport = 2\n", "3, remove this line"),
            ('[server]\nhosts = []\nhosts = [\n"a",\n]\n\n', "3, remove these lines, to line 5"),
            ('[server]\nhosts = [\n"a"\nport = 1\n', "correct the value of server.hosts"),
            (
                '[features.a]\n[server]\n[features.a]\nmount = "/x"\n',
                "move the keys below line 3 to line 1, [features.a]",
            ),
        ],
    )
    def test_the_fix_removes_one_statement_and_nothing_else(self, write, text, fix):
        """All lines of a statement go; a header stays while keys below it belong to its table."""
        [fault] = load(write(text), {}).faults

        assert fault.fix.endswith(fix)

    @pytest.mark.provokes("K100")
    def test_an_unknown_environment_names_those_known(self):
        """K100 lists the environments."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "prodction"}, {"MERCATO_SECRET_KEY": KEY})

        assert str(refused.value) == (
            "error[K100] deployment.toml\n"
            "    there is no environment 'prodction'. Did you mean 'production'? "
            "Environments: development, testing, production\n"
            '    fix: write environment = "production" in the top of deployment.toml'
        )

    def test_what_an_assumed_environment_refuses(self):
        """A misspelt environment is assumed to be the similar one, and its faults say so."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "prodction", "secret_key": "short"})

        assert [(fault.key, fault.assumes) for fault in refused.value.faults] == [
            ("K100@environment", None),
            ("K202@secret_key", 'environment = "production"'),
            ("K205@secret_key", 'environment = "production"'),
        ]

    def test_an_environment_without_a_similar_one(self):
        """Nothing is assumed of it, so that no secret is reported as absent."""
        assert [code for code, *_ in faults_of({"environment": "x"})] == ["K100"]

    def test_every_mistake_is_reported_at_once(self, write):
        """An invalid value at the top of the file hides no fault below."""
        path = write(
            'environment = "testing"\nfeature = 1\n[server]\nport = "high"\n'
            '[database]\nsql_guard = "perhaps"\n'
        )

        found = faults_of(path=path)

        assert [(code, where) for code, where, _ in found] == [
            ("K203", "deployment.toml:2:1"),
            ("K202", "deployment.toml:4:8"),
            ("K202", "deployment.toml:6:13"),
        ]

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize("text", ['"" = 1\n', '[""]\nx = 1\n', '"".x = 1\n'])
    def test_an_empty_name(self, write, text):
        """K203: the file has no setting with an empty name."""
        [(code, where, what)] = faults_of(path=write(f'environment = "testing"\n{text}'))

        assert (code, where.partition(":")[2][0]) == ("K203", "2")
        assert what.startswith("there is no setting ''")

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("key", ["accept", "server"])
    def test_a_table_has_no_variable(self, key):
        """K202 of a table proposes no variable, since none sets it."""
        with pytest.raises(DeploymentError) as refused:
            read_deployment({"environment": "testing", key: "all"})

        [fault] = refused.value.faults
        assert (fault.code, fault.fix) == ("K202", f"remove {key} from the top of deployment.toml")

    @pytest.mark.provokes("K203")
    def test_an_unknown_key_gets_a_suggestion(self):
        """K203 suggests a similar key."""
        [(code, _, what)] = faults_of({"environment": "testing", "server": {"prot": 1}})

        assert code == "K203"
        assert "there is no setting 'prot' in [server]. Did you mean 'port'?" in what


class TestEnvironment:
    def test_overrides_the_file_with_types(self):
        """The text of a variable is converted to the setting's type."""
        values = {"environment": "testing", "server": {"port": 1}}

        deployment = read_deployment(values, environ={"MERCATO_SERVER__PORT": "8080"})

        assert deployment.server.port == 8080

    def test_gives_settings_to_a_feature(self):
        """A variable sets a value of a feature that the file names."""
        values = {"environment": "testing", "features": {"reviews": {"settings": {"a": 1}}}}

        deployment = read_deployment(values, {"MERCATO_FEATURES__REVIEWS__SETTINGS__PER_PAGE": "7"})

        source, path = deployment.source, ("features", "reviews", "settings")
        assert source.values["features"]["reviews"]["settings"] == {"a": 1, "per_page": "7"}
        variable = "MERCATO_FEATURES__REVIEWS__SETTINGS__PER_PAGE"
        assert source.origin(*path, "per_page").variable == variable

    @pytest.mark.provokes("K204")
    def test_never_adds_a_feature(self):
        """K204: a variable cannot enable a feature."""
        variable = "MERCATO_FEATURES__REVIEWS__SETTINGS__PER_PAGE"

        [fault] = faults_of({"environment": "testing"}, {variable: "7"})

        what = "it sets a value of the feature 'reviews', which is not enabled."
        assert fault == ("K204", variable, what)

    def test_an_unknown_variable_is_refused(self):
        """K203: a variable with an unknown name is a fault."""
        [(code, where, _)] = faults_of({"environment": "testing"}, {"MERCATO_SERVR__PORT": "1"})

        assert (code, where) == ("K203", "MERCATO_SERVR__PORT")

    @pytest.mark.provokes("K203")
    @pytest.mark.parametrize(
        "variable", ["MERCATO_", "MERCATO___X", "MERCATO_SERVER__", "MERCATO_FEATURES__"]
    )
    def test_a_name_with_an_empty_part(self, variable):
        """K203: a part of the variable's name is missing."""
        [fault] = faults_of({"environment": "testing"}, {variable: "1"})

        assert fault == ("K203", variable, "a part of its name is empty.")

    @pytest.mark.parametrize("variable", ["SERVER__PORT", "DATABASE__SQL_GUARD"])
    def test_a_double_underscore_is_proposed(self, variable):
        """K203 proposes the name with a double underscore behind the table."""
        given = f"MERCATO_{variable.replace('__', '_')}"

        [(code, where, what)] = faults_of({"environment": "testing"}, {given: "1"})

        assert (code, where) == ("K203", given)
        assert f"Did you mean MERCATO_{variable}?" in what

    @pytest.mark.parametrize("service", ["MERCATO", "MERCATO_SERVER", "MERCATO_DATABASE_2"])
    def test_leaves_services_of_kubernetes_alone(self, service):
        """The variables of a Service named mercato, or mercato-server, change nothing."""
        variables = {name.format(service): value for name, value in OF_A_SERVICE.items()}

        deployment = read_deployment({"environment": "testing"}, environ=variables)

        assert deployment.source == read_deployment({"environment": "testing"}).source

    @pytest.mark.parametrize(
        ("variable", "text"),
        [
            ("MERCATO_PORT", "8000"),
            ("MERCATO_SERVER_PORT", "8000"),
            ("MERCATO_SERVICE_HOST", "shop.example"),
            ("MERCATO_SERVICE_PORT", "http"),
            ("MERCATO_PORT_80_TCP", "80"),
            ("MERCATO_PORT_HTTP_TCP", "tcp://10.0.0.11:80"),
            ("MERCATO_DATABASE_URL", "postgresql://10.0.0.11:5432/shop"),
            ("MERCATO_SERVER__PORT", "tcp://10.0.0.11:80"),
            ("MERCATO_SERVER__SERVICE_PORT", "80"),
        ],
    )
    @pytest.mark.provokes("K202", "K203")
    def test_reports_what_only_looks_like_a_service(self, variable, text):
        """A variable that Kubernetes does not set is a mistake, and it is reported."""
        [(code, where, _)] = faults_of({"environment": "testing"}, {variable: text})

        assert (code in {"K202", "K203"}, where) == (True, variable)

    def test_a_secret_may_stand_in_a_file(self, tmp_path):
        """A variable with the suffix _FILE has the path of a file with the secret."""
        file = tmp_path / "key"
        file.write_text(f"{KEY}\n")

        deployment = read_deployment(
            {"environment": "production"}, {"MERCATO_SECRET_KEY_FILE": str(file)}
        )

        assert deployment.secret_key.reveal() == KEY

    @pytest.mark.provokes("K202")
    def test_a_secret_file_that_cannot_be_read(self, tmp_path):
        """K202 names the variable and the file."""
        environ = {"MERCATO_DATABASE__URL_FILE": str(tmp_path / "away")}

        [(code, where, what)] = faults_of({"environment": "testing"}, environ)

        assert (code, where) == ("K202", "MERCATO_DATABASE__URL_FILE")
        assert str(tmp_path / "away") in what

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("key", [KEY, f"/{KEY}", f"ab/{KEY}", "x" * 300, f"{KEY}\0"])
    def test_a_secret_in_place_of_its_file(self, key):
        """K202 shows no text that is not the path of a file; the key is not missing as well."""
        [(code, where, what)] = faults_of({}, {"MERCATO_SECRET_KEY_FILE": key})

        assert (code, where) == ("K202", "MERCATO_SECRET_KEY_FILE")
        assert key not in what

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("content", [b"", b" \n", b"\xff" * 40])
    @pytest.mark.parametrize("variable", ["SECRET_KEY", "REDIS__URL", "DATABASE__URL"])
    def test_an_unusable_file_of_a_secret(self, tmp_path, variable, content):
        """K202: the file of a secret is empty, or is not text."""
        file = tmp_path / "secret"
        file.write_bytes(content)
        environ = {"MERCATO_SECRET_KEY": KEY, f"MERCATO_{variable}_FILE": str(file)}

        [(code, where, what)] = faults_of({}, environ)

        assert (code, where) == ("K202", f"MERCATO_{variable}_FILE")
        assert str(file) in what

    @pytest.mark.provokes("K202", "K203")
    @pytest.mark.parametrize(
        ("values", "environ"),
        [
            ({}, {"MERCATO_LOG_LEVEL": "INFO"}),
            ({"loging": {}}, {}),
            ({"environment": 1}, {}),
            ({"accept": "all"}, {}),
        ],
    )
    def test_a_key_in_a_file_is_not_missing(self, tmp_path, values, environ):
        """Another fault at the top of the file does not hide the key that a file has."""
        file = tmp_path / "key"
        file.write_text(KEY)

        [(code, _, _)] = faults_of(values, {"MERCATO_SECRET_KEY_FILE": str(file), **environ})

        assert code in {"K202", "K203"}
