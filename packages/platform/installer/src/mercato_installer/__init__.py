"""Lock and install the packages that a deployment file names, from checked wheels."""

__all__ = [
    "admission",
    "commands",
    "download",
    "environments",
    "here",
    "install",
    "installation",
    "lock",
    "tools",
    "wheel",
]
