"""Run the ``mercato`` command with this interpreter: ``python -m mercato_composition``."""

from mercato_composition.commands.frame import main

main()
