"""The commands of this distribution, and what they have in common."""
