"""What a distribution shows to others, described as JSON."""
