from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

__all__ = ["client_of", "deployment", "url", "wheels"]
