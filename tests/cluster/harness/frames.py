"""Packets made and looked at by hand: adverts of VRRP, right and wrong ones, and ARP."""

import socket
import struct

PROTOCOL = 112
GROUP = "224.0.0.18"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def advert(source, version=3, router_id=10, priority=200, addresses=("10.9.0.10",), interval=10, password=None,
           kind=1):
    """The payload of one advert to the multicast group. `interval`: centiseconds; of version 2: seconds."""
    listed = b"".join(map(socket.inet_aton, addresses))
    if version == 2:
        authentication = (password or "").encode().ljust(8, b"\0")
        middle = struct.pack("!BB", 1 if password else 0, interval)
        rest, pseudo = listed + authentication, b""
    else:
        middle = struct.pack("!H", interval)
        rest = listed
        pseudo = socket.inet_aton(source) + socket.inet_aton(GROUP) + struct.pack("!BBH", 0, PROTOCOL, 8 + len(rest))
    head = struct.pack("!BBBB", version << 4 | kind, router_id, priority, len(addresses)) + middle
    return head + struct.pack("!H", checksum(pseudo + head + b"\0\0" + rest)) + rest


def send_advert(host, payload, times=1, ttl=255):
    """From the host, to the group."""
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL) as raw:
            raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
            raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host.address))
            for _ in range(times):
                raw.sendto(payload, (GROUP, 0))
    host.inside(send)


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def say_arp(host, address):
    """Tells all neighbours that the host has the address."""
    mac, ip = mac_bytes(host.mac()), socket.inet_aton(address)
    frame = b"\xff" * 6 + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + mac + ip + b"\xff" * 6 + ip

    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(("eth0", 0))
            raw.send(frame)
    host.inside(send)


class ArpTap:
    """What a host hears from now on: who says to have which address."""

    def __init__(self, host):
        def open_it():
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
            tap.bind(("eth0", 0x0806))
            tap.setblocking(False)
            return tap
        self.tap = host.inside(open_it)

    def claims(self, address):
        """MACs that have claimed the address since the last look."""
        found = []
        while True:
            try:
                frame = self.tap.recv(2048)
            except BlockingIOError:
                return found
            if frame[28:32] == socket.inet_aton(address):
                found.append(frame[22:28].hex(":"))

    def close(self):
        self.tap.close()
