from mercato_testing.samples.fixtures import wheels

__all__ = ["wheels"]
