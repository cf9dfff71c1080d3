from mercato_vouchers.sample_data import make_sample_data


class TestMakeSampleData:
    def test_creates_vouchers_once(self, charlie, commit):
        """There are three vouchers, which the summary names; a second run creates nothing."""
        lines = commit(make_sample_data, {})
        again = commit(make_sample_data, {})

        codes = {one["code"] for one in charlie.get("/v1/vouchers").json["data"]}
        assert codes == {"WELCOME10", "FIVER", "SHIPFREE"}
        assert all(code in lines[0] for code in codes)
        assert again == []
