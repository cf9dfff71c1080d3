from mercato_vouchers.feature import feature  # noqa: F401 - the feature under test
