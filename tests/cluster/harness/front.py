"""A proxy host as it stands in production: `holdfast run` with the roles proxy and vip, in a network namespace."""

import requests

from . import processes
from .processes import Service
from .program import holdfast
from .proxy import Proxy
from .waiting import NotYet, wait_until


class FrontHost(Proxy):
    VIP = 9165

    def __init__(self, name, address, directory, config, logs, enter=()):
        super().__init__(name, address, directory, config, logs, enter)
        # The supervisor stays root, for the role vip; the proxy gives it up.
        self.service = Service(f"host {name}", [holdfast(), "run", "-c", config, "--node", name], self.directory,
                               logs / f"{name}-run.log", prefix=enter, user={})

    def kill(self):
        processes.kill_all_below(self.directory)
        self.service.kill()

    def role(self, role):
        """Pid of the process of one role."""
        found = [pid for pid in processes.processes_below(self.directory)
                 if f" {role} -c " in processes.command_line(pid)]
        if len(found) != 1:
            raise NotYet(f"{len(found)} processes of {self.name} are a {role}")
        return found[0]

    def router(self):
        """Its virtual router, as GET /vip tells it."""
        session = requests.Session()
        session.trust_env = False
        return session.get(f"http://{self.address}:{self.VIP}/vip", timeout=2).json()["instances"][0]


class Client:
    """Speaks to the floating address from a host of its own; takes the place of a Proxy in a Load."""

    def __init__(self, network, address, name="client"):
        self.network = network
        self.name = name
        self.front = Proxy(name, address, "/", "", _NoLogs())

    def connect(self, *arguments, **options):
        return self.network.inside(self.name, lambda: self.front.connect(*arguments, **options))

    def sql(self, *arguments, **options):
        return self.network.inside(self.name, lambda: self.front.sql(*arguments, **options))

    def server_of(self, **options):
        return self.network.inside(self.name, lambda: self.front.server_of(**options))


class _NoLogs:
    def __truediv__(self, name):
        return f"/dev/null/{name}"


def holder(fronts, but=()):
    """The one host that has the address, and says so; waits until there is one."""
    def find():
        routers = {front.name: front.router() for front in fronts if front not in but}
        masters = [name for name, router in routers.items() if router["state"] == "MASTER" and router["holds_addresses"]]
        if len(masters) != 1:
            raise NotYet(f"masters: {masters}, of " + str({name: r["state"] for name, r in routers.items()}))
        return next(front for front in fronts if front.name == masters[0])
    return wait_until("one holder of the address", find, 60)
