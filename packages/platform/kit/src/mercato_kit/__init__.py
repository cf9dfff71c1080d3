"""How a feature of Mercato is made. Knows no feature, no host, no word of a shop."""
