"""A host on this machine that accepts, sends a few bytes or none, and then is silent or drips."""

import contextlib
import socket
import threading


@contextlib.contextmanager
def host(sent=b"", *, hold=True, drip=b"", every=0.05):
    """The address of a host that answers each connection with the same bytes.

    With `hold` it then keeps the connection open and says no more, until the block ends; or it
    sends `drip` every so many seconds.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    held, ended = [], threading.Event()

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
            while drip and not ended.wait(every):
                connection.sendall(drip)
        if hold:
            held.append(connection)
        else:
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.close()
        for connection in held:
            connection.close()
