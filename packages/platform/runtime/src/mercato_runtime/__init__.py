"""A plan's features on a Flask app, and the processes that serve it."""

__all__ = [
    "api",
    "commands",
    "guard",
    "health",
    "policies",
    "problems",
    "register",
    "requests",
    "server",
    "worker",
]
