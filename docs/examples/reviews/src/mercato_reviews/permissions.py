"""Permissions of reviews."""

READ = "reviews.read"

PERMISSIONS = {READ: "See the reviews of all customers"}
