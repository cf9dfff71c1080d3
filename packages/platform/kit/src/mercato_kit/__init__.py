"""The building blocks of Mercato features, independent of any feature or host."""
