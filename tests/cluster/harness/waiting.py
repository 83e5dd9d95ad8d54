"""Waiting for a condition, never for time to pass."""

import time

import psycopg2
import requests

# Overload of the machine must not fail a test; only a condition that never comes does.
LONG = 90.0


class NotYet(Exception):
    """Raised by a probe to say in words what it sees instead of what is awaited."""


NOT_YET = (NotYet, psycopg2.Error, requests.RequestException, OSError, ValueError, KeyError)


def wait_until(what, probe, within=LONG, every=0.05):
    """The first truthy answer of `probe`. An answer that is falsy, or an error of the kinds that a cluster in
    trouble causes, counts as not yet; the last one is told when the time is up."""
    deadline = time.monotonic() + within
    while True:
        try:
            seen = probe()
            if seen:
                return seen
        except NOT_YET as error:
            seen = f"{type(error).__name__}: {error}".strip()
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:.0f} s for: {what}; last seen: {seen!r}")
        time.sleep(every)


def stays_true(what, probe, for_seconds, every=0.05):
    """For what must NOT happen: looks for a while, and fails at the first falsy answer."""
    deadline = time.monotonic() + for_seconds
    while time.monotonic() < deadline:
        seen = probe()
        assert seen, f"expected throughout: {what}; seen: {seen!r}"
        time.sleep(every)
