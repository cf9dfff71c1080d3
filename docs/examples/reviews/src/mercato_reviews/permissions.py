"""Names of the permissions of reviews, and what each allows."""

READ = "reviews.read"

PERMISSIONS = {READ: "See the reviews of all customers"}
