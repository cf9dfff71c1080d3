from mercato_products.feature import feature  # noqa: F401 - the feature under test
