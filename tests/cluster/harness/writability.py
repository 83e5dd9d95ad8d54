"""Never two writable primaries: tries to write on every server directly, past the proxies, all the time."""

import threading
import time

import psycopg2

TABLE = "create table if not exists direct (node text, at timestamptz default clock_timestamp())"
# One statement: the timeline of the write itself, and the write.
WRITE = "insert into direct (node) values (%s) returning (select substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))"


class WritabilityWatch:
    def __init__(self, nodes, inside=None):
        self.nodes = nodes
        self.inside = inside  # Namespaces: to reach a host whose cable is pulled
        self.writes = []      # (node, timeline, began, acknowledged), monotonic
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._watch, args=(node,), daemon=True) for node in nodes]

    def __enter__(self):
        leader = next(node for node in self.nodes if node.is_primary())
        leader.sql(TABLE)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def verdict(self):
        """A write that began on an older timeline after one was acknowledged on a newer one is the proof of two
        primaries, whatever the order in which the threads were scheduled. Returns who wrote, in order."""
        writes = sorted(self.writes, key=lambda write: write[3])
        for timeline in {write[1] for write in writes}:
            newer = next((write for write in writes if write[1] > timeline), None)
            late = [write for write in writes if newer and write[1] == timeline and write[2] > newer[3]]
            assert not late, (f"{late[0][0]} took a write on timeline {timeline} {late[0][2] - newer[3]:.3f} s after "
                              f"{newer[0]} took one on timeline {newer[1]}")
        order = []
        for node, *_ in writes:
            if not order or order[-1] != node:
                order.append(node)
        return order

    def _watch(self, node):
        if self.inside:
            self.inside.inside(node.name, lambda: self._poll(node) or True)
        else:
            self._poll(node)

    def _poll(self, node):
        connection = None
        while not self._ends.is_set():
            try:
                connection = connection or node.connect(connect_timeout=2, tcp_user_timeout=3000,
                                                        options="-c statement_timeout=2000")
                began = time.monotonic()
                with connection.cursor() as cursor:
                    cursor.execute(WRITE, (node.name,))
                    timeline = int(cursor.fetchone()[0], 16)
                if not connection.notices:
                    self.writes.append((node.name, timeline, began, time.monotonic()))
                connection.notices.clear()
            except psycopg2.Error:
                if connection is not None:
                    connection.close()
                connection = None
            self._ends.wait(0.05)
        if connection is not None:
            connection.close()
