"""Contracts between features: one module per contract, with a Protocol and its values."""
