"""Permissions of reviews."""

MODERATE = "reviews.moderate"

PERMISSIONS = {MODERATE: "See hidden reviews, hide reviews and publish them again"}
