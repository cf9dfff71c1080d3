"""Cache the issuer's keys, and fetch them again in the background."""

import logging
import math
import os
import threading
import time

from mercato_kit.errors import Unavailable
from mercato_oidc import key_set
from mercato_oidc.issuer import IssuerError, fetch
from mercato_oidc.key_set import KeyName, Keys, PublicKey
from mercato_oidc.settings import OidcSettings

_log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1.0
"""Requests wait for a fetch until this time after its start."""


class _State:
    """The keys and the fetch of one process. The lock is never held during network access."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: Keys | None = None
        self.fetched_at = -math.inf
        self.failure: str | None = None
        self.fetching: threading.Event | None = None
        self.started_at = -math.inf
        self.next_at = -math.inf


class KeyCache:
    """The keys of one issuer for one app.

    In a process, at most one fetch runs at a time, in a background thread, and each is followed by
    a pause. So tokens with invented key ids cannot cause more requests to the issuer. A failed
    fetch does not change the keys.

    Args:
        settings: The issuer and the limits.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._states: dict[int, _State] = {}

    def find(self, name: KeyName) -> PublicKey | None:
        """Return the key of this name; None if the issuer has no such key.

        A request waits for a fetch only if the key is unknown or the keys are overdue, and only if
        the previous fetch succeeded. It waits at most until LONGEST_WAIT_SECONDS after the start of
        the fetch.

        Raises:
            Unavailable: The key is unknown, and the issuer cannot be asked now.
        """
        state = self._state
        known = (state.keys or {}).get(name)
        if known is None or self._age(state) >= self._settings.keys_kept_seconds:
            self._start_fetch(state)
        # Keys that were not used for a long time may have been withdrawn in the meantime.
        if known is None or self._age(state) >= 2 * self._settings.keys_kept_seconds:
            _wait(state)
        with state.lock:
            found = (state.keys or {}).get(name)
            unknown = state.keys is None or state.failure is not None or state.fetching is not None
            wait_seconds = 0.0 if state.fetching else state.next_at - time.monotonic()
        if found is None and unknown:
            raise Unavailable(
                "The keys of the token issuer cannot be fetched.",
                retry_after_seconds=max(1, math.ceil(wait_seconds)),
            )
        return found

    def mistake(self) -> str | None:
        """Return why the keys may be outdated; None if the last fetch succeeded."""
        state = self._state
        if state.failure or self._age(state) >= self._settings.keys_kept_seconds:
            self._start_fetch(state)
            _wait(state)
        with state.lock:
            if state.failure is None and state.keys is not None:
                return None
            reason = state.failure or "no answer yet"
        return f"the keys of {self._settings.issuer} cannot be fetched: {reason}"

    @property
    def _state(self) -> _State:
        """The state of this process. After a fork, threads and locks of the parent do not work."""
        pid = os.getpid()
        return self._states.get(pid) or self._states.setdefault(pid, _State())

    def _age(self, state: _State) -> float:
        return time.monotonic() - state.fetched_at

    def _start_fetch(self, state: _State) -> None:
        with state.lock:
            now = time.monotonic()
            if state.fetching is not None or now < state.next_at:
                return
            state.fetching, state.started_at = threading.Event(), now
        try:
            # A daemon thread does not prevent the process from ending.
            threading.Thread(
                target=self._fetch, args=(state,), name="mercato-oidc-keys", daemon=True
            ).start()
        except RuntimeError:
            self._end_fetch(state, None, "no thread can be started")

    def _fetch(self, state: _State) -> None:
        keys, failure = None, None
        try:
            keys = key_set.read(fetch(self._settings.jwks_uri, self._settings.timeout_seconds))
        except IssuerError as error:
            failure = str(error)
            _log.warning("the keys of %s cannot be fetched: %s", self._settings.issuer, failure)
        except Exception as error:  # noqa: BLE001 - the next fetch must be able to start
            failure = type(error).__name__
            _log.exception("the keys of %s cannot be fetched", self._settings.issuer)
        self._end_fetch(state, keys, failure)

    def _end_fetch(self, state: _State, keys: Keys | None, failure: str | None) -> None:
        with state.lock:
            now = time.monotonic()
            if keys is not None:
                state.keys, state.fetched_at = keys, now
            state.failure = failure
            state.next_at = now + self._settings.fetch_pause_seconds
            ended, state.fetching = state.fetching, None
        if ended is not None:
            ended.set()


def _wait(state: _State) -> None:
    """Wait for the running fetch, unless the previous one failed: this one probably fails, too."""
    ended = state.fetching
    if ended is not None and state.failure is None:
        ended.wait(max(0.0, state.started_at + LONGEST_WAIT_SECONDS - time.monotonic()))
