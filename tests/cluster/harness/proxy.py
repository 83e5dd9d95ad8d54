"""One proxy host."""

import pathlib

import psycopg2
import requests

from .node import PASSWORDS
from .processes import Service
from .program import holdfast


class Proxy:
    WRITE, READ, STATS = 5000, 5001, 7000

    def __init__(self, name, address, directory, config, logs, enter=()):
        self.name = name
        self.address = address
        self.directory = pathlib.Path(directory)
        self.service = Service(f"proxy {name}", [holdfast(), "proxy", "-c", config, "--node", name], self.directory,
                               logs / f"{name}-proxy.log", prefix=enter)

    def start(self):
        if not self.service.is_alive():
            self.service.start()

    def connect(self, port=WRITE, database="postgres", **options):
        words = {"host": self.address, "port": port, "user": "postgres", "password": PASSWORDS["superuser"],
                 "dbname": database, "connect_timeout": 15, **options}
        connection = psycopg2.connect(**words)
        connection.autocommit = True
        return connection

    def sql(self, statement, *values, port=WRITE, **options):
        connection = self.connect(port, **options)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def server_of(self, port=WRITE, **options):
        """The address of the server that a new connection is led to."""
        return self.sql("select host(inet_server_addr())", port=port, **options)[0][0]

    def stats(self, path="/status"):
        session = requests.Session()
        session.trust_env = False
        return session.get(f"http://{self.address}:{self.STATS}{path}", timeout=5)
