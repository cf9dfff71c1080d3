"""Register features on a Flask app, and run the processes that serve it."""

__all__ = [
    "api",
    "app",
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
