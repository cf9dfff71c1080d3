from mercato_composition.faults import DeploymentError, Fault, render


class TestRender:
    def test_has_the_form_operators_know(self):
        """Code and place, what is wrong and what to do are on separate lines."""
        fault = Fault(
            "K108",
            "mercato-orders 2.4.0 ('orders')",
            "needs stock >=1.1,<2, which no enabled feature offers.",
            "add [features.products] to deployment.toml (installed, not enabled)",
        )

        text = render([fault])

        assert text == (
            "error[K108] mercato-orders 2.4.0 ('orders')\n"
            "    needs stock >=1.1,<2, which no enabled feature offers.\n"
            "    fix: add [features.products] to deployment.toml (installed, not enabled)"
        )


class TestDeploymentError:
    def test_tells_root_causes_first_and_warnings_last(self):
        """Possible causes come before other faults, warnings last."""
        codes = ["K401", "K108", "K201", "K103"]
        faults = [Fault(code, "here", "so", "that") for code in codes]
        warning = Fault("K101", "here", "so", "that", severity="warning")

        error = DeploymentError([warning, *faults])

        assert [fault.code for fault in error.faults] == ["K103", "K201", "K108", "K401", "K101"]

    def test_tells_each_once(self):
        """A fault that two checks report is printed once."""
        fault = Fault("K108", "here", "so", "that")

        assert DeploymentError([fault, fault]).faults == (fault,)

    def test_sorts_lines_by_their_numbers(self):
        """Line 8 comes before line 10, and a place without a line before both."""
        places = ["shop.toml:10", "shop.toml:8", "shop.toml"]

        error = DeploymentError([Fault("K202", place, "so", "that") for place in places])

        assert [fault.where for fault in error.faults] == [
            "shop.toml",
            "shop.toml:8",
            "shop.toml:10",
        ]
