"""Writers that remember what was acknowledged to them."""

import itertools
import threading
import time

import psycopg2

from .waiting import NotYet, wait_until

TABLE = "create table if not exists load (id bigint primary key, at timestamptz default clock_timestamp())"


class Load:
    """Writers through the proxies, one statement a transaction. After an error a writer connects again at once,
    as an application's pool does. `refused` counts connections that could not be made: a client that reconnects
    within the hold must see none."""

    def __init__(self, proxies, writers=3, pause=0.01):
        self.proxies = proxies
        self.pause = pause
        self.acknowledged = {}  # id -> monotonic instant
        self.errors = []        # (instant, SQLSTATE or None, text): broken connections and statements
        self.refused = []       # (instant, text)
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(writers)]

    def __enter__(self):
        self.proxies[0].sql(TABLE)
        self._ids = itertools.count(1 + self.proxies[0].sql("select coalesce(max(id), 0) from load")[0][0])
        for thread in self._threads:
            thread.start()
        self.wait_flowing()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self._ends.set()
        for thread in self._threads:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a writer hangs"

    def wait_flowing(self, count=20, within=90):
        """Waits until so many more writes have been acknowledged."""
        start = len(self.acknowledged)

        def flows():
            if len(self.acknowledged) >= start + count:
                return True
            raise NotYet(f"{len(self.acknowledged) - start} of {count} writes; last error {self.last_error()}")
        wait_until("writes to flow", flows, within)

    def last_error(self):
        return (self.refused + self.errors)[-1:] or None

    def expect_nobody_refused(self):
        """A client may have been cut off, but its next connection was let in and led to a primary."""
        assert not self.refused, f"{len(self.refused)} connections were refused: {self.refused[0]}"

    def expect_untouched(self):
        self.expect_nobody_refused()
        assert not self.errors, f"{len(self.errors)} clients were cut off or saw an error: {self.errors[0]}"

    def longest_gap(self, since=0.0):
        """Seconds between two acknowledged writes that followed one another."""
        instants = sorted(at for at in self.acknowledged.values() if at >= since)
        return max((b - a for a, b in zip(instants, instants[1:])), default=float("inf"))

    def check(self, node):
        """Every acknowledged id is there. Call after the end; returns how many were acknowledged."""
        present = {row[0] for row in node.sql("select id from load")}
        lost = sorted(set(self.acknowledged) - present)
        assert not lost, f"{len(lost)} of {len(self.acknowledged)} acknowledged writes are lost on {node.name}: {lost[:10]}"
        return len(self.acknowledged)

    def _write(self, number):
        proxy = self.proxies[number % len(self.proxies)]
        connection = None
        while not self._ends.is_set():
            connection = connection or self._connect(proxy)
            if connection is None:
                self._ends.wait(0.05)
                continue
            if not self._insert(connection):
                connection.close()
                connection = None
            self._ends.wait(self.pause)
        if connection is not None:
            connection.close()

    def _connect(self, proxy):
        try:
            # A peer that is gone must not hold a writer for minutes: not with unsent data (user timeout), and not
            # while the writer waits for an answer (keepalives; a floating address answers them with a reset).
            return proxy.connect(connect_timeout=20, tcp_user_timeout=10000, keepalives_idle=2, keepalives_interval=1,
                                 keepalives_count=5, application_name="load", options="-c statement_timeout=20000")
        except psycopg2.Error as error:
            self.refused.append((time.monotonic(), str(error).strip()))
            return None

    def _insert(self, connection):
        with self._lock:
            number = next(self._ids)
        try:
            with connection.cursor() as cursor:
                cursor.execute("insert into load (id) values (%s)", (number,))
            # A commit that was cancelled while it waited for the standby is acknowledged with a warning only.
            if any("synchronous replication" in notice for notice in connection.notices):
                connection.notices.clear()
                return True
            self.acknowledged[number] = time.monotonic()
            return True
        except psycopg2.Error as error:
            self.errors.append((time.monotonic(), error.pgcode, str(error).strip()))
            return False
