"""``python -m mercato_host.cli``: the ``mercato`` command of this interpreter."""

from mercato_host.cli import main

main()
