"""A webhook receiver over TLS on loopback, with a certificate of its own making."""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Receiver:
    """Answers every POST with `status`, once it is not `held`, and keeps the bodies."""

    def __init__(self, certificate: Path, key: Path, *, status: int = 200, held: bool = False) -> None:
        self.bodies: list[dict[str, Any]] = []
        bodies = self.bodies
        self.free = free = threading.Event()
        if not held:
            free.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                free.wait(60)
                assert self.headers["content-type"] == "application/json"
                bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"https://127.0.0.1:{self._server.server_port}/hook"

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 60
        while len(self.bodies) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.bodies

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
