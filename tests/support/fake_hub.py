"""A hub on loopback with the API, headers and redirects of the real one, and the faults that a test asks for.

    with FakeHub() as hub:
        hub.add("org/tiny", {"config.json": b"{}", "model.safetensors": b"..."}, large={"model.safetensors"})
        hub.plan("model.safetensors", Cut(1000), Status(503))   # what the next requests for its bytes meet
        ... HF_ENDPOINT=hub.endpoint ...

Large files are sent by a second server, as the real hub does: /resolve/ redirects to it, and nothing secret may reach it.
"""

import dataclasses
import hashlib
import http.server
import json
import re
import threading
import time
import urllib.parse


@dataclasses.dataclass(frozen=True)
class Cut:
    """Sends so many bytes of the answer, then closes the connection."""

    after: int


@dataclasses.dataclass(frozen=True)
class Stall:
    """Sends so many bytes of the answer, then nothing for so long."""

    after: int
    seconds: float


@dataclasses.dataclass(frozen=True)
class Status:
    """Answers with a status and no file."""

    code: int
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Send:
    """Sends other bytes, or in another manner: `ranges` False ignores Range headers; `content_range` replaces that header."""

    data: bytes = None
    ranges: bool = True
    content_range: str = None


@dataclasses.dataclass
class Request:
    server: str  # "hub" or "store"
    method: str
    path: str
    headers: dict
    status: int = 0


@dataclasses.dataclass
class Repository:
    files: dict
    large: set
    commit: str
    revisions: dict
    token: str = None  # without it the answer is `refusal`
    refusal: tuple = (401, "RepoNotFound")
    listing: object = None  # a function that changes the listing
    heads: dict = dataclasses.field(default_factory=dict)  # file -> headers that replace those of its answers


def sha256_of(data):
    return hashlib.sha256(data).hexdigest()


def git_sha1_of(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class FakeHub:
    def __init__(self, tls=None):
        self.repositories = {}
        self.requests = []
        self.plans = {}
        self.lock = threading.Lock()
        self.redirect_api = None  # where the API's answers redirect to
        self.servers = []
        for name in ("hub", "store"):
            server = Server(("127.0.0.1", 0), handler_of(self, name))
            if tls and name == "hub":
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            self.servers.append(server)
        scheme = "https" if tls else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self.servers[0].server_port}"
        self.store = f"http://localhost:{self.servers[1].server_port}"

    def __enter__(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def add(self, name, files, large=(), revisions=None, **more):
        commit = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.repositories[name] = Repository(files, set(large), commit, {"main": commit, **(revisions or {})}, **more)
        return self.repositories[name]

    def plan(self, file, *faults):
        self.plans.setdefault(file, []).extend(faults)

    def next_fault(self, file):
        with self.lock:
            return self.plans[file].pop(0) if self.plans.get(file) else None

    def asked(self, *, method="GET", server=None, file=""):
        """The requests so far, of a method, at a server, whose path ends in a file's name."""
        with self.lock:
            found = list(self.requests)
        return [one for one in found if one.method == method and server in (None, one.server) and one.path.split("?")[0].endswith(file)]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Connections that break off are what tests want."""


def handler_of(hub, server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.answer()

        def do_HEAD(self):
            self.answer()

        def answer(self):
            self.request_seen = Request(server, self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
            with hub.lock:
                hub.requests.append(self.request_seen)
            if server == "store":
                return self.send_large()
            path = urllib.parse.urlsplit(self.path).path
            if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
                return self.send_listing(match[1], urllib.parse.unquote(match[2]))
            if match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
                return self.send_file(match[1], urllib.parse.unquote(match[2]), urllib.parse.unquote(match[3]))
            if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/([^/]+)", path):
                return self.send_tree(match[1], urllib.parse.unquote(match[2]))
            if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)", path):
                return self.send_listing(match[1], "main")
            self.refuse(404, "")

        def begin(self, status, headers):
            self.request_seen.status = status
            self.send_response(status)
            for name, value in headers.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()

        def send_all(self, status, headers, body):
            self.begin(status, {"Content-Length": str(len(body)), **headers})
            if self.command != "HEAD":
                self.wfile.write(body)

        def refuse(self, status, code, headers=None):
            body = json.dumps({"error": "no"}).encode()
            self.send_all(status, {"X-Error-Code": code or None, "X-Error-Message": "no", **(headers or {})}, body)

        def repository(self, name, revision):
            """The repository and commit, or nothing after the refusal was sent."""
            found = hub.repositories.get(name)
            if found is None:
                return self.refuse(404, "RepoNotFound")
            if found.token and self.headers.get("Authorization") != f"Bearer {found.token}":
                return self.refuse(*found.refusal)
            commit = found.revisions.get(revision, revision if revision == found.commit else None)
            if commit is None:
                return self.refuse(404, "RevisionNotFound")
            return found, commit

        def send_listing(self, name, revision):
            if hub.redirect_api:
                return self.begin(307, {"Location": hub.redirect_api + self.path, "Content-Length": "0"})
            if (fault := hub.next_fault("api")) is not None:
                if isinstance(fault, Status):
                    return self.refuse(fault.code, "", fault.headers)
                return self.send_all(200, {"Content-Type": "application/json"}, fault.data)
            if (found := self.repository(name, revision)) is None:
                return
            repository, commit = found
            siblings = []
            for file, data in repository.files.items():
                entry = {"rfilename": file, "size": len(data), "blobId": git_sha1_of(data)}
                if file in repository.large:
                    entry["lfs"] = {"sha256": sha256_of(data), "size": len(data), "pointerSize": 130}
                siblings.append(entry)
            listing = {"id": name, "modelId": name, "sha": commit, "siblings": siblings, "private": False, "tags": [], "downloads": 0}
            if repository.listing:
                repository.listing(listing)
            self.send_all(200, {"Content-Type": "application/json"}, json.dumps(listing).encode())

        def send_tree(self, name, revision):
            if (found := self.repository(name, revision)) is None:
                return
            tree = []
            for file, data in found[0].files.items():
                entry = {"type": "file", "path": file, "size": len(data), "oid": git_sha1_of(data)}
                if file in found[0].large:
                    entry["lfs"] = {"oid": sha256_of(data), "size": len(data), "pointerSize": 130}
                tree.append(entry)
            self.send_all(200, {"Content-Type": "application/json"}, json.dumps(tree).encode())

        def send_file(self, name, revision, file):
            if (found := self.repository(name, revision)) is None:
                return
            repository, commit = found
            if file not in repository.files:
                return self.refuse(404, "EntryNotFound", {"X-Repo-Commit": commit})
            data = repository.files[file]
            if file in repository.large:
                if self.command == "GET" and isinstance(fault := self.fault_if(file, Status), Status):
                    return self.refuse(fault.code, "", fault.headers)
                target = f"{hub.store}/{name}/{urllib.parse.quote(file)}?X-Signature=very-secret"
                headers = {"X-Linked-Etag": f'"{sha256_of(data)}"', "X-Linked-Size": str(len(data)), "ETag": f'"{git_sha1_of(data)}"',
                           "X-Repo-Commit": commit, "Location": target, **repository.heads.get(file, {})}
                return self.send_all(302, headers, b"")
            headers = {"ETag": f'"{git_sha1_of(data)}"', "X-Repo-Commit": commit, **repository.heads.get(file, {})}
            self.send_bytes(file, data, headers)

        def fault_if(self, file, kind):
            """The next fault, if it is of this kind; others are left for the server that sends the bytes."""
            with hub.lock:
                planned = hub.plans.get(file)
                return planned.pop(0) if planned and isinstance(planned[0], kind) and planned[0].headers.get("at") == "hub" else None

        def send_large(self):
            _, organisation, name, file = urllib.parse.urlsplit(self.path).path.split("/", 3)
            file = urllib.parse.unquote(file)
            data = hub.repositories[f"{organisation}/{name}"].files[file]
            self.send_bytes(file, data, {"ETag": f'"store-{len(data)}"'})

        def send_bytes(self, file, data, headers):
            fault = hub.next_fault(file) if self.command == "GET" else None
            if isinstance(fault, Status):
                return self.refuse(fault.code, "", fault.headers)
            if isinstance(fault, Send) and fault.data is not None:
                data = fault.data
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            condition = self.headers.get("If-Range")
            if wanted and condition in (None, headers.get("ETag")) and not (isinstance(fault, Send) and not fault.ranges):
                begin = int(wanted[1])
                if begin >= len(data):
                    return self.refuse(416, "", {"Content-Range": f"bytes */{len(data)}"})
                status, body = 206, data[begin:]
                headers = {**headers, "Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"}
                if isinstance(fault, Send) and fault.content_range:
                    headers["Content-Range"] = fault.content_range
            else:
                status, body = 200, data
            if not isinstance(fault, (Cut, Stall)):
                return self.send_all(status, headers, body)
            self.begin(status, {"Content-Length": str(len(body)), **headers})
            self.wfile.write(body[: fault.after])
            self.wfile.flush()
            if isinstance(fault, Stall):
                time.sleep(fault.seconds)
            self.close_connection = True

    return Handler
