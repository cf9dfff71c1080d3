import threading

from mercato_runtime.server.threads import Threads


class TestThreads:
    def test_runs_calls_in_their_order(self):
        """One thread runs one call after another."""
        done = []
        last = threading.Event()
        threads = Threads("test", 1)

        for number in range(3):
            threads.run(lambda number=number: done.append(number))
        threads.run(last.set)

        assert last.wait(10)
        assert done == [0, 1, 2]

    def test_counts_the_calls_that_wait(self):
        """A call that runs does not wait."""
        begun, may_end = threading.Event(), threading.Event()
        threads = Threads("test", 1)

        threads.run(lambda: begun.set() or may_end.wait(10))
        begun.wait(10)
        threads.run(lambda: None)
        threads.run(lambda: None)
        waiting = threads.waiting
        may_end.set()

        assert waiting == 2

    def test_a_thread_survives_what_a_call_raises(self, caplog):
        """Even an exit ends only the call, and is logged."""
        done = threading.Event()
        threads = Threads("test", 1)

        threads.run(lambda: exit(1))
        threads.run(done.set)

        assert done.wait(10)
        assert "SystemExit" in caplog.text
