"""How long an address is unreachable when its holder is lost: holdfast and keepalived, each with its like, side
by side in network namespaces. As root:

    HOLDFAST=build/release/bin/holdfast python3 tests/bench/vip_takeover.py [--runs 5] [--probe-ms 2]

A client sends a datagram to the address every 2 ms, each host answers with its name; measured is the time from
the fault to the first answer by the other host. Prints one row a fault: median and worst of the runs."""

import argparse
import pathlib
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cluster"))

from harness.virtual_router import KEEPALIVED, VIP, Keepalived, Ours, Wire, settled  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

PORT = 7778
IP_FREEBIND = 15
FAULTS = ("killed", "stopped", "link lost", "frozen")


class Echo:
    """Answers datagrams to the address with the host's name, while the host has the address."""

    def __init__(self, host):
        self.name = host.name.encode()
        self.socket = host.inside(self._open)
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def _open():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        opened.bind((VIP, PORT))
        return opened

    def _serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(100)
                self.socket.sendto(data + b" " + self.name, peer)
            except OSError:
                if self.socket.fileno() < 0:
                    return


class Probe:
    """Asks all the time; `answers` are (when the question went out, who answered)."""

    def __init__(self, wire, interval):
        self.interval = interval
        self.answers = []
        self.running = True
        self.socket = wire.client.inside(self._open)
        self.threads = [threading.Thread(target=work) for work in (self._ask, self._hear)]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _open():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.settimeout(0.2)
        return opened

    def _ask(self):
        while self.running:
            try:
                self.socket.sendto(f"{time.monotonic():.6f}".encode(), (VIP, PORT))
            except OSError:
                pass  # nobody answers ARP at the moment
            time.sleep(self.interval)

    def _hear(self):
        while self.running:
            try:
                sent, name = self.socket.recv(100).decode().split()
            except OSError:
                continue
            self.answers.append((float(sent), name))

    def first_answer(self, name, since):
        return next((sent for sent, who in self.answers if who == name and sent >= since), None)

    def close(self):
        self.running = False
        for thread in self.threads:
            thread.join()
        self.socket.close()


def settings(number, interval):
    return {"state": "BACKUP", "interface": "eth0", "virtual_router_id": 10, "priority": 270 - 20 * number,
            "version": 3, "advert_int": interval, "nopreempt": True, "virtual_ipaddress": [f"{VIP}/24"]}


def make(wire, program, number):
    name = f"lb{number}"
    if program == "holdfast":  # the short form: the defaults
        nodes = {f"lb{each}": {"host": wire.address(each), "roles": ["vip"]} for each in (1, 2)}
        return Ours(wire, name, number, config={"scope": "bench", "etcd3": {"hosts": "127.0.0.1:2379"},
                                                "nodes": nodes, "vip": {"address": f"{VIP}/24"}})
    interval = float(program.split()[1])
    return Keepalived(wire, name, number, {"VI": settings(number, interval)})


def freeze(router):
    if isinstance(router, Keepalived):
        router.freeze()
    else:
        router.service.freeze()


def strike(wire, router, fault):
    """Returns when the fault began, and what waits for its end."""
    began = time.monotonic()
    if fault == "killed":
        router.kill()
    elif fault == "stopped":
        router.service.signal(15)
    elif fault == "link lost":
        wire.pull(router.name)
    else:
        freeze(router)
    return began


def measure(program, fault, interval):
    """Milliseconds to the first answer of the other, and until the first had the address no more (None: it has
    it still after ten seconds)."""
    with Wire() as wire:
        first, second = (make(wire, program, number) for number in (1, 2))
        echoes = [Echo(first), Echo(second)]
        first.start()
        settled(wire, first)
        second.start()
        wait_until("BACKUP", lambda: second.state() == "BACKUP")
        probe = Probe(wire, interval)
        try:
            wait_until("answers", lambda: len(probe.answers) > 50)
            began = strike(wire, first, fault)
            answered = wait_until("an answer of the other", lambda: probe.first_answer(second.name, began), 60, 0.01)
            gone = time_until_gone(first, began)
        finally:
            probe.close()
            for echo in echoes:
                echo.socket.close()
        return (answered - began) * 1000, gone


def time_until_gone(router, began):
    while router.has():
        if time.monotonic() - began > 10:
            return None
        time.sleep(0.01)
    return (time.monotonic() - began) * 1000


def print_row(program, fault, results):
    times = [taken for taken, _gone in results]
    kept = [gone for _taken, gone in results]
    kept_text = "for ever" if None in kept else f"{statistics.median(kept):7.0f}"
    print(f"| {program:15} | {fault:9} | {statistics.median(times):7.0f} | {max(times):7.0f} | {kept_text:>8} |",
          flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--probe-ms", type=float, default=2)
    options = parser.parse_args()
    programs = ["holdfast", *(["keepalived 0.1", "keepalived 1"] if KEEPALIVED else [])]
    print("Milliseconds from the fault to the first answer by the other host, and how long the first one kept the "
          f"address;\n{options.runs} runs, a question every {options.probe_ms:g} ms. holdfast: its defaults; "
          "keepalived: VRRPv3, advert_int in seconds.\n")
    print(f"| {'pair':15} | {'fault':9} | {'median':>7} | {'worst':>7} | {'kept':>8} |")
    print(f"|{'-' * 17}|{'-' * 11}|{'-' * 9}|{'-' * 9}|{'-' * 10}|")
    for fault in FAULTS:
        for program in programs:
            print_row(program, fault, [measure(program, fault, options.probe_ms / 1000) for _ in range(options.runs)])


if __name__ == "__main__":
    main()
