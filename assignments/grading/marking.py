"""A server for marking written answers, and for nothing else: `python -m grading.marking FOLDER`.

nbgrader's formgrader shows what students wrote on the teacher's own address. So this server has
no kernels, no terminals, no files and no contents; of formgrader's buttons it has those that a
person needs who marks; and its pages run no script but formgrader's own, whatever got into them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import sys
from pathlib import Path

from jinja2 import BaseLoader
from jupyter_server.serverapp import ServerApp
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import apihandlers, formgrader, handlers
from tornado import web
from traitlets.config import Config

from grading.configuration import configure
from grading.course import CourseError, without_patterns

REFUSED = (
    "This server is for marking. For everything else there are `make assignments` and `make grade`."
)
# What may change something; other requests may only read.
ALLOWED = {
    apihandlers.GradeHandler,
    apihandlers.CommentHandler,
    apihandlers.FlagSubmissionHandler,
    apihandlers.AutogradeHandler,
    apihandlers.GenerateFeedbackHandler,
    apihandlers.GenerateAllFeedbackHandler,
}
# formgrader waits for MathJax, which is fetched from elsewhere; formulas are MathML here.
_NO_MATHJAX = (
    "<script>window.MathJax = {Hub: {Startup: {signal: {Interest: "
    '(told) => $(() => told("End"))}}}};</script>'
)


class MarkingServer(ServerApp):
    """Jupyter's server with its login, and without its services."""

    default_services = ("auth", "security")


class _OwnScripts(BaseLoader):
    """Templates whose own scripts bear this run's mark. What is put into a page has none."""

    def __init__(self, inner: BaseLoader, nonce: str) -> None:
        self._inner, self._nonce = inner, nonce

    def get_source(self, environment, template):
        text, path, current = self._inner.get_source(environment, template)
        if not template.endswith(".css"):
            text = text.replace("{{ mathjax() }}", _NO_MATHJAX)
            text = text.replace("<script", f'<script nonce="{self._nonce}"')
        return text, path, current


class _Exporter(HTMLExporter):
    """Submissions as HTML, by formgrader's templates."""

    nonce = ""

    def _create_environment(self):
        environment = super()._create_environment()
        environment.loader = _OwnScripts(environment.loader, self.nonce)
        return environment


class _Start(handlers.BaseHandler):
    """The first page. formgrader's own takes a folder from its address, whose configuration it
    would run."""

    @web.authenticated
    def get(self) -> None:
        self.redirect(f"{self.base_url}/formgrader/gradebook")


class Formgrader(formgrader.FormgradeExtension):
    """nbgrader's formgrader, with a policy for its pages, and without its other buttons."""

    nonce = ""

    def init_tornado_settings(self, webapp) -> None:
        """Gives formgrader's pages our templates."""
        super().init_tornado_settings(webapp)
        exporter = _Exporter(config=self.config)
        exporter.nonce = self.nonce
        webapp.settings["nbgrader_exporter"] = exporter
        pages = webapp.settings["nbgrader_jinja2_env"]
        pages.loader = _OwnScripts(pages.loader, self.nonce)

    def init_handlers(self, webapp) -> None:
        """Puts refusals before the handlers that they replace."""
        ours = [(r"/formgrader/?", _Start)]
        for pattern, handler, *_ in (*handlers.default_handlers, *apihandlers.default_handlers):
            if handler not in ALLOWED and (methods := _changing(handler)):
                ours.append((pattern, type(f"No{handler.__name__}", (handler,), methods)))
        webapp.add_handlers(".*$", ours)
        super().init_handlers(webapp)


def _changing(handler: type) -> dict:
    """Refusals in place of the methods by which a handler changes something."""
    names = ("post", "put", "patch", "delete")
    return {
        name: web.authenticated(_refuse)
        for name in names
        if getattr(handler, name) is not getattr(web.RequestHandler, name)
    }


def _refuse(self, *_) -> None:
    if self.request.method != "POST":  # formgrader shows the answer of its buttons alone
        self.set_status(403)
    self.finish(json.dumps({"success": False, "error": REFUSED, "log": ""}))


def policy(nonce: str) -> str:
    """What a page may do: run the scripts of its templates, and ask this server."""
    attributes = set()
    for template in Path(handlers.template_path).rglob("*.*"):
        attributes |= set(re.findall(r'\son\w+="([^"]*)"', template.read_text("utf-8"), re.I))
    digests = [base64.b64encode(hashlib.sha256(a.encode()).digest()).decode() for a in attributes]
    scripts = " ".join(f"'sha256-{digest}'" for digest in sorted(digests))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-hashes' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def server(folder: Path, *, port: int = 8888, browser: bool = True) -> MarkingServer:
    """A server for a folder of grades, ready to start. It listens on this machine alone.

    Raises CourseError if `make grade` did not make the folder.
    """
    if not (folder / "gradebook.db").is_file():
        raise CourseError(
            "Which folder of grades? make marking GRADES=path/to/folder-graded, where gradebook.db "
            f"lies. There is none in {str(folder)!r}."
        )
    configure(folder, anew=False)
    root, nonce = without_patterns(folder.resolve()), secrets.token_urlsafe(16)
    os.chdir(root)
    os.environ["JUPYTER_NO_CONFIG"] = "1"  # a login or an address that somebody set for a lab
    made = MarkingServer.instance(
        config=Config(
            {
                "ServerApp": {
                    "ip": "localhost",
                    "port": port,
                    "root_dir": str(root),
                    "default_url": "/formgrader",
                    "open_browser": browser,
                    "allow_root": True,
                    "answer_yes": True,
                    "terminals_enabled": False,
                    "log_level": "WARN",
                    "tornado_settings": {"headers": {"Content-Security-Policy": policy(nonce)}},
                },
                "ContentsManager": {"files_handler_class": None},
                "FormgradeExtension": {"debug": False},
                "CourseDirectory": {"root": str(root)},
                "Exchange": {"root": str(root)},  # unused; nbgrader complains where it has none
            }
        )
    )
    made.initialize(argv=[], find_extensions=False)
    pages = Formgrader(parent=made)
    pages.nonce, pages.root_dir, pages.log = nonce, made.root_dir, made.log
    pages.initialize([], root=str(root))
    pages.init_tornado_settings(made.web_app)
    pages.init_handlers(made.web_app)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is interrupted. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="grading.marking", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of grades that `make grade` made")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        made = server(chosen.folder, port=chosen.port, browser=not chosen.no_browser)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print(
            "You are root, as one is in a container. That is no danger here: this server runs no "
            "code of students outside the cage, and listens to this machine alone.",
            flush=True,
        )
    print("Stop it with Ctrl-C; afterwards call `make grade` once more.", flush=True)
    made.start()
    return 0


if __name__ == "__main__":
    sys.exit(main())
