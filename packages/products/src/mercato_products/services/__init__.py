"""What can be done: verbs on plain values. They flush; only the unit of work commits."""
