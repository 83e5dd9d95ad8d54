"""What the proxy of a host says to the vip role beside it (src/heartbeat/local.hpp), without a proxy."""

import socket
import threading

INTERVAL = 0.05


class FakeProxy:
    def __init__(self, host, scope="test"):
        self.host = host
        self.address = f"\0holdfast/{scope}/{host.name}/proxy"
        self.line = b"well\n"
        self.over = threading.Event()
        self.changed = threading.Condition()
        self.listening = None
        self.start()

    def start(self):
        self.over = threading.Event()
        self.listening = self.host.inside(self._listen)
        threading.Thread(target=self._accept, args=(self.listening, self.over), daemon=True).start()

    def _listen(self):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.address)
        listening.listen(10)
        return listening

    def _accept(self, listening, over):
        while not over.is_set():
            try:
                connection, _peer = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(connection, over), daemon=True).start()

    def _speak(self, connection, over):
        with connection:
            while not over.is_set():
                try:
                    connection.sendall(self.line)
                except OSError:
                    return
                with self.changed:
                    self.changed.wait(INTERVAL)

    def say(self, line):
        self.line = f"{line}\n".encode()
        with self.changed:
            self.changed.notify_all()

    def die(self):
        self.over.set()
        try:
            self.listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listening.close()
        with self.changed:
            self.changed.notify_all()
