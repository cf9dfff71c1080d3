"""``python -m mercato_composition.commands.frame``: the ``mercato`` command of this interpreter."""

from mercato_composition.commands.frame import main

main()
