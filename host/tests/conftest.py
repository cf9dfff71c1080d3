def pytest_configure(config):
    """Know the marker of tests that provoke a fault; the host's README lists them."""
    config.addinivalue_line("markers", "provokes(*codes): the test provokes faults of these codes")
