from mercato_testing.samples.fixtures import client_of
from mercato_testing.samples.fixtures import deployment
from mercato_testing.samples.fixtures import url
from mercato_testing.samples.fixtures import wheels

__all__ = ["client_of", "deployment", "url", "wheels"]
