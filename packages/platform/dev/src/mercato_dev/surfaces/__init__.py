"""The ``surface.json`` of a distribution: what it shows to others, and how that changes."""
