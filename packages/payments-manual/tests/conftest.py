from mercato_payments_manual.feature import feature  # noqa: F401 - the feature under test
