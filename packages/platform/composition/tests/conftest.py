from mercato_testing.samples.fixtures import client_of, deployment, url, wheels

from .sites import migrated, site

__all__ = ["client_of", "deployment", "migrated", "site", "url", "wheels"]
