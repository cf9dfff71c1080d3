"""What the commands of ``noxfile.py`` are made of."""
