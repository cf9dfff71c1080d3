"""Pay an order: start a payment, charge it with a provider, and record what the provider says."""
