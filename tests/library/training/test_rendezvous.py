"""rendezvous: processes that meet, that do not fit together, and that go. Here they are threads."""

import re
import socket
import subprocess
import sys
import threading
import time

import pytest

from helpers.training import rendezvous

FACTS = {"task": "train tiny6", "versions": "keras 3"}
LIMIT = 20


def free_port():
    with socket.create_server(("", 0)) as server:
        return server.getsockname()[1]


def come(calls):
    """What each call of `meet` returns or raises; `calls` are its arguments but the port."""
    port, results, lost = free_port(), {}, {}

    def one(i, processes, process, facts, wait):
        lost[i] = []
        try:
            results[i] = rendezvous.meet(
                f"localhost:{port}", processes, process, facts, wait=wait, lost=lost[i].append
            )
        except (ValueError, OSError) as error:
            results[i] = error

    threads = [threading.Thread(target=one, args=(i, *call)) for i, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(results) == len(calls)
    return [results[i] for i in range(len(calls))], [lost[i] for i in range(len(calls))]


def team(n=3):
    (first, *others), lost = come([(n, i, FACTS, 10) for i in range(n)])
    assert all(isinstance(c, rendezvous.Connections) for c in (first, *others))
    return [first, *others], lost


def until(condition):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < LIMIT
        time.sleep(0.01)


def close(connections):
    for connection in connections:
        for line in connection.lines.values():
            line.connection.shutdown(socket.SHUT_RDWR)


def test_all_come_and_leave_without_a_word():
    connections, lost = team()
    for connection in connections:
        connection.leave()
    time.sleep(0.1)
    close(connections)
    time.sleep(0.1)
    assert lost == [[], [], []]


@pytest.mark.parametrize("gone", [0, 2])
def test_one_that_is_gone_is_noticed_by_all_others(gone):
    connections, lost = team()
    connections[gone]._once.acquire()  # the dead notice nothing
    close([connections[gone]])
    others = [i for i in range(3) if i != gone]
    until(lambda: all(lost[i] for i in others))
    for i in others:
        (text,) = lost[i]
        assert text.startswith(f"Process {gone} is gone: ")
        assert text.endswith(
            "machine or the network failed. If all are started again, the training goes on."
        )


@pytest.mark.parametrize("failed", [0, 1])
def test_an_error_reaches_all_others(failed):
    connections, lost = team()
    connections[failed].fail("OSError: the disk is full")
    others = [i for i in range(3) if i != failed]
    until(lambda: all(lost[i] for i in others))
    for i in others:
        assert lost[i] == [
            f"Process {failed} ended: OSError: the disk is full. If all are started again, the "
            "training goes on."
        ]
    assert lost[failed] == []


def test_by_default_the_process_ends_at_once_with_status_1():
    """Also while it computes or waits: in a process of its own, which sleeps for a minute."""
    port = free_port()
    program = (
        "import time; from helpers.training import rendezvous\n"
        f"rendezvous.meet('localhost:{port}', 2, 1, {FACTS}, wait=20)\ntime.sleep(60)"
    )
    pipes = {"stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as other:
        try:
            mine = rendezvous.meet(f"localhost:{port}", 2, 0, FACTS, wait=60)
            mine.fail("ValueError: wrong")
            _, error = other.communicate(timeout=LIMIT)
        finally:
            other.kill()
    assert other.returncode == 1
    # Above it stand the lines that TensorFlow writes when it is imported.
    assert error.splitlines()[-1].startswith("Process 0 ended: ValueError: wrong. ")
    assert "Traceback" not in error and error.count("Process 0") == 1


def refused(calls):
    results, _ = come(calls)
    assert all(isinstance(r, Exception) for r in results), results
    return [str(r) for r in results]


def test_a_process_that_does_not_come_is_named():
    messages = refused([(4, 0, FACTS, 1), (4, 2, FACTS, 1)])
    assert all("Processes 1, 3 of 4 did not come within 1 s" in m for m in messages)
    assert all("each number" in m for m in messages)


def test_a_coordinator_that_is_not_there_is_named():
    (message,) = refused([(2, 1, FACTS, 0.5)])
    assert "Process 0 could not be reached at localhost:" in message
    assert "within 0 s" in message or "within 1 s" in message


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ((3, 1, FACTS, 5), "Process 1 expects 3 processes, process 0 2"),
        ((2, 1, FACTS | {"task": "train tiny8"}, 5), "same task.*'train tiny6'.*'train tiny8'"),
        ((2, 1, FACTS | {"versions": "keras 4"}, 5), "same versions.*keras 3.*keras 4"),
    ],
)
def test_processes_that_do_not_fit_together_are_refused_on_both_sides(other, message):
    for text in refused([(2, 0, FACTS, 5), other]):
        assert re.search(message, text)
        assert "\n" not in text


def test_two_with_one_number_are_refused():
    messages = refused([(3, 0, FACTS, 5), (3, 1, FACTS, 5), (3, 1, FACTS, 5)])
    assert all("Two processes came as process 1" in message for message in messages)


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        port = server.getsockname()[1]
        with pytest.raises(OSError, match=rf"cannot listen at port {port}.*another port"):
            rendezvous.meet(f"localhost:{port}", 2, 0, FACTS, wait=1)


def test_what_is_no_process_of_ours_is_sent_away():
    port, results = free_port(), []
    call = threading.Thread(
        target=lambda: results.append(
            rendezvous.meet(f"localhost:{port}", 2, 0, FACTS, wait=10, lost=print)
        )
    )
    call.start()
    for _ in range(50):
        try:
            with socket.create_connection(("localhost", port), timeout=1) as stranger:
                stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert stranger.recv(10) == b""
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    rendezvous.meet(f"localhost:{port}", 2, 1, FACTS, wait=10, lost=print)
    call.join(LIMIT)
    assert len(results) == 1


@pytest.mark.parametrize(
    "text", ["node1", "node1:", ":123", "node1:port", "node1:0", "node1:70000"]
)
def test_an_address_is_host_and_port(text):
    with pytest.raises(ValueError, match=rf"HOST:PORT.*Received: '{text}'"):
        rendezvous.address(text)


def test_addresses():
    assert rendezvous.address("node1.cluster:1234") == ("node1.cluster", 1234)
    assert rendezvous.address("[::1]:1234") == ("::1", 1234)
