"""`holdfast demo --check`: the first thing that a newcomer runs."""

import pathlib
import re
import subprocess

import pytest

from harness import processes
from harness.cluster import short_directory
from harness.network import can_make_namespaces
from harness.program import holdfast


@pytest.fixture
def check():
    """Runs it to its end; (exit code, what it said)."""
    data = short_directory("hf-demo-")
    log = pathlib.Path(f"{data}.log")

    def run(user):
        with open(log, "wb") as out:
            done = subprocess.run([holdfast(), "demo", "--check", "--data", data / "d"], cwd=data, stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, timeout=300, **user)
        return done.returncode, log.read_text(errors="replace")

    yield run
    processes.kill_all_below(data)
    subprocess.run(["rm", "-rf", data, log], check=True)


@pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")
def test_as_root_every_host_can_be_lost_and_the_address_floats(check):
    code, said = check({})
    assert code == 0, said
    assert "floats between lb1 and lb2" in said
    assert "kill-proxy-host: longest write gap" in said
    assert "lost 0" in said
    network = re.search(r"on 198\.18\.(\d+)\.11 to", said).group(1)
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    assert f"hfdemo{network}-" not in left, "a namespace of the demo was left behind"


def test_as_an_ordinary_user_it_says_what_it_leaves_out(check):
    code, said = check(processes.identity())
    assert code == 0, said
    assert "left out: the floating address" in said
    assert "lost 0" in said
