"""A hub on this machine: what the Hugging Face hub answers to a download, and nothing else.

Redirects, headers and names of headers are those of huggingface.co: a large file has its
SHA-256 in `X-Linked-Etag` and lies on another host, a small one has the id that git
gives it as `ETag`.
"""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """`files`: {"user/name/file": bytes}. `damage` changes what is sent, not what is named;
    `elsewhere` is the other host, by default this one."""

    def __init__(self):
        self.files, self.requests, self.damage = {}, [], lambda content: content
        self.elsewhere = None

    def answer(self, request):
        self.requests.append(f"{request.command} {request.path}")
        stored = request.path.startswith("/stored/")
        name = request.path.removeprefix("/stored/").replace("/resolve/main/", "/").lstrip("/")
        if name not in self.files:
            known = any(f.rsplit("/", 1)[0] == name.rsplit("/", 1)[0] for f in self.files)
            code = "EntryNotFound" if known else "RepoNotFound"
            headers = {"X-Error-Code": code, "X-Error-Message": "none", "X-Repo-Commit": COMMIT}
            return self.send(request, 404 if known else 401, headers, b"")
        content = self.files[name]
        headers = {"X-Repo-Commit": COMMIT}
        if name.endswith(".json"):
            git_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            headers |= {"ETag": f'"{git_id}"'}
        elif not stored:
            headers["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
            headers["X-Linked-Size"] = str(len(content))
            elsewhere = self.elsewhere or self.address.replace("127.0.0.1", "localhost")
            headers["Location"] = f"{elsewhere}/stored/{name}"
            return self.send(request, 302, headers, b"")
        return self.send(request, 200, headers, self.damage(content))

    @staticmethod
    def send(request, status, headers, content):
        request.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(key, value)
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(content)


@contextmanager
def running():
    """A `Hub` that answers at `hub.address` until the end of the block."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            hub.answer(self)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def asked(monkeypatch, cache):
    """A hub that `huggingface_hub` asks in place of its own; what it gets it keeps in `cache`."""
    from huggingface_hub import constants

    with running() as hub:
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield hub
