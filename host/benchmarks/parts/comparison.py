"""Answers of the servers are compared field by field before anything is measured."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from parts.counted import call, environ_of
from parts.requests import REQUESTS
from parts.shop import Shop
from parts.servers import application

NEW = frozenset("id number next_cursor expires_at placed_at created_at updated_at".split())
"""What differs between two orders placed, and the cursors, which only their server reads."""
