"""The application that granian serves for a twin."""

import os

from parts.servers import application
from parts.shop import Shop

app = application(os.environ["BENCH_SERVER"], Shop.load(os.environ["BENCH_SHOP"]))
