"""Gizmo: a feature like many, of which the benchmark of the boot makes as many as it wants."""
