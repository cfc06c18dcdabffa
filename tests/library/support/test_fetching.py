"""fetching: what is fetched comes, or its host is given up in time."""

import socket
import time
import urllib.request

import pytest
import requests

import stalling
from helpers.datasets import tfds_folders
from helpers.support import fetching

pytestmark = pytest.mark.one_backend


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_what_is_fetched_comes_and_nothing_stays_changed(tmp_path):
    before = socket.getdefaulttimeout(), requests.adapters.HTTPAdapter.send
    with stalling.host(b"HTTP/1.0 200 OK\r\n\r\nhere it is", hold=False) as address:
        for fetch in (
            lambda: urllib.request.urlopen(address).read(),
            lambda: requests.get(address).content,
        ):
            assert fetching.within_limits(fetch, tmp_path) == b"here it is"
    assert (socket.getdefaulttimeout(), requests.adapters.HTTPAdapter.send) == before


def test_an_error_stays_what_it_is(tmp_path):
    def fails():
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        fetching.within_limits(fails, tmp_path)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nsome"])
@pytest.mark.parametrize("by", ["urllib", "requests"])
def test_a_host_that_falls_silent_is_given_up(tmp_path, monkeypatch, sent, by):
    monkeypatch.setattr(fetching, "ANSWER", 0.3)
    with stalling.host(sent) as address:

        def fetch():
            if by == "urllib":
                return urllib.request.urlopen(address).read()
            return requests.get(address).content

        with pytest.raises(OSError, match="timed out"):
            fetching.within_limits(fetch, tmp_path)


def test_a_limit_that_somebody_chose_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "ANSWER", 600)
    with stalling.host(b"") as address, pytest.raises(OSError, match=r"timeout=0\.2"):
        fetching.within_limits(lambda: requests.get(address, timeout=0.2), tmp_path)


def test_what_does_not_grow_is_given_up_though_bytes_come(tmp_path, monkeypatch):
    """A download that begins anew for ever, as huggingface_hub's may."""
    monkeypatch.setattr(fetching, "GROWTH", 0.5)

    def again_and_again():
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for size in (0, 100):
                (tmp_path / "x.incomplete").write_bytes(bytes(size))
                time.sleep(0.02)

    with pytest.raises(TimeoutError, match=r"fewer than 600,000 bytes came within 0\.5 seconds"):
        fetching.within_limits(again_and_again, tmp_path)


def test_what_grows_slowly_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "GROWTH", 1)
    monkeypatch.setattr(fetching, "LEAST", 1)

    def slowly():
        for size in range(10):
            (tmp_path / "x").write_bytes(bytes(size))
            time.sleep(0.2)
        return size

    assert fetching.within_limits(slowly, tmp_path / "none", tmp_path) == 9


def fetched_piece_by_piece(address, path):
    """As urllib and requests let one do it: each piece comes well within the limit of an answer."""
    with urllib.request.urlopen(address) as answer, open(path, "wb", buffering=0) as file:
        while piece := answer.read1():
            file.write(piece)


def test_a_host_that_drips_is_given_up_though_each_answer_comes_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "GROWTH", 1)
    monkeypatch.setattr(fetching, "LEAST", 1_000)
    headers = b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n"
    with (
        stalling.host(headers, drip=b"x") as address,
        pytest.raises(TimeoutError, match=r"fewer than 1,000 bytes came within 1 seconds"),
    ):
        fetching.within_limits(lambda: fetched_piece_by_piece(address, tmp_path / "x"), tmp_path)
    assert 1 < (tmp_path / "x").stat().st_size < 1_000


def test_a_host_that_drips_its_headers_does_not_answer(monkeypatch):
    monkeypatch.setattr(fetching, "ANSWER", 0.5)
    with (
        stalling.host(b"HTTP/1.0 200 OK\r\nServer: ", drip=b"x") as address,
        pytest.raises(OSError, match=r"no answer came within 0\.5 seconds"),
    ):
        tfds_folders._look(address)
