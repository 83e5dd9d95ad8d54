"""The configuration file of a cluster: the short form, the same file for all hosts."""

import copy

import yaml

from .node import PASSWORDS

# Small and quick; the tests kill processes, not machines, so that nothing written is lost without fsync.
SETTINGS = {
    "scope": "story",
    "passwords": PASSWORDS,
    "bootstrap": {
        "initdb": [{"encoding": "UTF8"}, "data-checksums", "no-sync"],
        "dcs": {
            "synchronous_mode": "on",
            "postgresql": {
                "use_pg_rewind": True,
                "parameters": {"max_connections": 60, "shared_buffers": "16MB", "fsync": "off", "wal_keep_size": "64MB",
                               "max_wal_size": "256MB"},
            },
        },
    },
}


def merged(base, changes):
    """`changes` over `base`, map by map; None removes a key."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def cluster_file(nodes, proxies, data_root, changes):
    """Text of the file. `nodes` and `proxies`: name -> address."""
    hosts = dict(nodes)
    hosts.update({name: {"host": address, "roles": ["proxy"]} for name, address in proxies.items()})
    document = merged({**SETTINGS, "nodes": hosts, "data_root": str(data_root)}, changes)
    return yaml.safe_dump(document, sort_keys=False)
