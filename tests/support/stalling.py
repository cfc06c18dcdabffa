"""A host on this machine that accepts, sends a few bytes or none, and then is silent."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def host(sent=b"", *, hold=True):
    """The address of a host that answers each connection with the same bytes.

    With `hold` it then keeps the connection open and says no more, until the block ends.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    held = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=answer, args=[connection], daemon=True).start()

    def answer(connection):
        with contextlib.suppress(OSError):
            if sent:
                connection.recv(65536)
                connection.sendall(sent)
        if hold:
            held.append(connection)
        else:
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        for connection in held:
            connection.close()
