"""One database host: an etcd member, an agent, its sentinel, and its PostgreSQL."""

import pathlib
import signal

import psycopg2
import requests

from . import processes
from .processes import Service
from .program import holdfast
from .waiting import wait_until

PASSWORDS = {"superuser": "s3cret-super", "replication": "s3cret-repl", "rewind": "s3cret-rewind"}


class Node:
    def __init__(self, name, address, directory, config, logs, enter=(), sections=("etcd", "agent")):
        self.name = name
        self.address = address
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / "postgresql"
        self.config = config
        self.session = requests.Session()
        self.session.trust_env = False
        program = holdfast()
        make = lambda role: Service(f"{role} of {name}", [program, role, "-c", config, "--node", name], self.directory,
                                    logs / f"{name}-{role}.log", prefix=enter)
        self.etcd = make("etcd") if "etcd" in sections else None
        self.agent = make("agent") if "agent" in sections else None

    # ---- its processes

    def start(self):
        for service in (self.etcd, self.agent):
            if service and not service.is_alive():
                service.start()

    def kill(self):
        """The whole host, at once: as a power cut, as far as processes can show it."""
        processes.send(processes.processes_below(self.directory), signal.SIGKILL)
        processes.kill_all_below(self.directory)
        for service in (self.etcd, self.agent):
            if service:
                service.kill()

    def postmaster(self):
        """Pid of the running postmaster; None when there is none."""
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if pid in processes.processes_below(self.data_dir) else None

    def postgres_processes(self):
        return processes.processes_below(self.data_dir)

    def kill_postmaster(self):
        pid = self.postmaster()
        assert pid, f"{self.name} has no postmaster to kill"
        processes.send([pid], signal.SIGKILL)
        return pid

    def freeze_postgres(self):
        """Postmaster and backends hang; returns them, for the test to thaw what is left."""
        pids = self.postgres_processes()
        processes.send(pids, signal.SIGSTOP)
        return pids

    def sentinels(self):
        return [pid for pid in processes.processes_below(self.directory) if " sentinel " in processes.command_line(pid)]

    def etcd_members(self):
        """The real etcd, below our role that supervises it."""
        mine = self.etcd.process.pid if self.etcd and self.etcd.process else None
        return [pid for pid in processes.processes_below(self.directory)
                if pid != mine and "--initial-cluster=" in processes.command_line(pid)]

    # ---- PostgreSQL, asked directly

    def connect(self, database="postgres", **options):
        words = {"host": self.address, "port": 5432, "user": "postgres", "password": PASSWORDS["superuser"],
                 "dbname": database, "connect_timeout": 3, **options}
        connection = psycopg2.connect(**words)
        connection.autocommit = True
        return connection

    def sql(self, statement, *values, **options):
        """Rows of one statement on a fresh connection; [] when it returns none."""
        connection = self.connect(**options)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def value(self, statement, *values, **options):
        return self.sql(statement, *values, **options)[0][0]

    def system_identifier(self):
        return self.value("select system_identifier::text from pg_control_system()")

    # ---- REST

    def url(self, path):
        return f"http://{self.address}:8008{path}"

    def rest(self, method, path, within=5, **options):
        return self.session.request(method, self.url(path), timeout=within, **options)

    def get(self, path, **options):
        return self.rest("GET", path, **options)

    def check(self, path, **options):
        """The status code of a health check; 0 when nobody answers."""
        try:
            return self.get(path, **options).status_code
        except requests.RequestException:
            return 0

    def status(self):
        return self.get("/patroni").json()

    def is_primary(self):
        return self.check("/primary", within=2) == 200

    def wait_primary(self, within=90):
        wait_until(f"{self.name} leads", self.is_primary, within)
        return self
