import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.cluster import Cluster  # noqa: E402

kept_logs = []  # (test or module, directory)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.has_failed = item.getparent(pytest.Module).has_failed = True


def pytest_terminal_summary(terminalreporter):
    for name, place in kept_logs:
        terminalreporter.write_line(f"logs of {name} are kept in {place}")


class Factory:
    """Makes clusters and removes them when the test, or the module, has ended."""

    def __init__(self, node):
        self.node = node
        self.made = []

    def __call__(self, *arguments, **options):
        self.made.append(Cluster(*arguments, **options))
        return self.made[-1]

    def remove_all(self):
        keep = getattr(self.node, "has_failed", False)
        for cluster in self.made:
            kept = cluster.remove(keep)
            if kept:
                kept_logs.append((self.node.nodeid, kept))


@pytest.fixture
def make_cluster(request):
    factory = Factory(request.node)
    yield factory
    factory.remove_all()


@pytest.fixture(scope="module")
def make_module_cluster(request):
    factory = Factory(request.node)
    yield factory
    factory.remove_all()
