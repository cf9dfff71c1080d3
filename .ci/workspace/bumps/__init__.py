"""How much of a version the changes of a distribution need, and why."""
