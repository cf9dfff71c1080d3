"""``python -m mercato_composition``: the ``mercato`` command of this interpreter."""

from mercato_composition.commands.frame import main

main()
