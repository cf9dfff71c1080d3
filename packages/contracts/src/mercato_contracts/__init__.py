"""The words that features share: one module a contract, each with one Protocol and its values."""
