"""The feature products: what is sold, for how much, and how many of it there are."""
