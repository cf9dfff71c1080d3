"""What a distribution shows to others: its committed ``surface.json``, and what changes of it."""
