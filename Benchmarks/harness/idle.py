"""Connections that have had one answer and then wait."""

import select
import socket


class IdleConnections:
    """Opens them from many addresses of the loopback network: no server accepts 10,000 from one."""

    def __init__(self, port: int, count: int):
        self.sockets = []
        for number in range(count):
            connection = socket.socket()
            connection.settimeout(10)
            connection.bind((f"127.0.{1 + number // 50 // 250}.{1 + number // 50 % 250}", 0))
            connection.connect(("127.0.0.1", port))
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.sockets.append(connection)
            # Read the answers with some delay, so that the server handles many connections at once.
            if number >= 100:
                self.receive(self.sockets[number - 100])
        for connection in self.sockets[-100:]:
            self.receive(connection)

    @staticmethod
    def receive(connection: socket.socket):
        answer = connection.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"error: an idle connection was answered {answer[:100]!r}")

    def still_open(self) -> int:
        poll = select.poll()
        for connection in self.sockets:
            poll.register(connection, select.POLLIN)
        return len(self.sockets) - len(poll.poll(0))

    def close(self):
        for connection in self.sockets:
            connection.close()
        self.sockets = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
