"""Processes that a test starts, and those that these start in turn. Nothing is ever found by its name: ours
are those that we started, and those whose working directory is below one that we made."""

import os
import pathlib
import pwd
import signal
import subprocess
import time

from .waiting import wait_until

OS_USER = "postgres"  # who runs the servers when the tests run as root; PostgreSQL refuses root


def identity():
    """Arguments of Popen that give up root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(OS_USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def setpriv(identity):
    """The same as words in front of a command, for one that has to do something as root first."""
    if not identity:
        return []
    return ["setpriv", f"--reuid={identity['user']}", f"--regid={identity['group']}", "--clear-groups", "--"]


def hand_over(path):
    """Gives a file or directory of ours to the user of the servers."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(OS_USER)
        os.chown(path, account.pw_uid, account.pw_gid)


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def is_running(pid):
    """A zombie does not run."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def start_ticks(pid):
    """With the pid, what tells one process from another for ever."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def processes_below(directory):
    """Pids of all processes whose working directory is `directory` or below it."""
    top = os.path.realpath(directory)
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            cwd = os.readlink(f"/proc/{entry}/cwd").removesuffix(" (deleted)")
        except OSError:
            continue
        if (cwd == top or cwd.startswith(top + "/")) and is_running(entry):
            found.append(int(entry))
    return found


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def kill_all_below(directory):
    """SIGKILL, again and again: a process may have been forked between the look and the kill."""
    deadline = time.monotonic() + 20
    while pids := processes_below(directory):
        send(pids, signal.SIGKILL)
        assert time.monotonic() < deadline, f"processes do not die: {[command_line(p) for p in pids]}"
        time.sleep(0.02)


class Service:
    """One program of ours in the foreground; it can be started again after its end."""

    def __init__(self, name, command, directory, log, prefix=(), environment=None, user=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.directory = directory
        self.log = pathlib.Path(log)
        self.prefix = list(prefix)
        self.environment = environment or {}
        self.user = identity() if user is None else user
        self.process = None

    def start(self):
        assert self.process is None or self.process.poll() is not None, f"{self.name} runs already"
        command, user = self.command, self.user
        if self.prefix:
            command, user = self.prefix + setpriv(self.user) + self.command, {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, env={**os.environ, **self.environment}, **user)
        return self

    @property
    def pid(self):
        return self.process.pid

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        if self.is_alive():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=20)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def stop(self, within=90.0):
        """SIGTERM, as an operator does; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_end(within)

    def wait_end(self, within=90.0):
        wait_until(f"the end of {self.name}", lambda: self.process.poll() is not None, within)
        return self.process.returncode

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines=25):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def log_mark(self):
        """Where the log ends now, for log_since()."""
        return self.log.stat().st_size if self.log.exists() else 0

    def log_since(self, mark):
        return self.log.read_bytes()[mark:].decode(errors="replace") if self.log.exists() else ""

    def wait_log(self, *words, within=60.0, since=0):
        """A line that has all the words, in any case of letters."""
        def find():
            for line in self.log_since(since).splitlines():
                if all(word.lower() in line.lower() for word in words):
                    return line
            return None
        try:
            return wait_until(f"a log line of {self.name} with {words}", find, within, every=0.1)
        except AssertionError as error:
            tail = "\n".join(self.log_since(since).splitlines()[-25:])
            raise AssertionError(f"{error}\nend of {self.log}:\n{tail}") from None
