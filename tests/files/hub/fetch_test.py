"""`tugline fetch`, and models by name in other commands, against a hub on loopback (tests/support/fake_hub.py)."""

import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "support"))

import check_skips  # noqa: E402
from fake_hub import Cut, FakeHub, Send, Stall, Status, git_sha1_of, sha256_of  # noqa: E402

BINARY = os.environ["TUGLINE_BINARY"]
MODEL = {path.name: path.read_bytes() for path in (TESTS / "fixtures" / "tiny_model").iterdir()}
WEIGHTS = "model.safetensors"
TOKEN = "hf_a_secret"
CLEARED = ("HUGGING_FACE_HUB_TOKEN", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
           "HF_HUB_DISABLE_SYMLINKS", "XDG_CACHE_HOME", "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE",
           "SSL_CERT_DIR", "CURL_CA_BUNDLE")


class HubTest(unittest.TestCase):
    """A hub with one model, and an empty cache."""

    def setUp(self):
        self.hub = self.enterContext(FakeHub())
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tugline-hub-")))
        self.repository = self.hub.add("org/tiny", {**MODEL, "README.md": b"x", "pytorch_model.bin": b"x"}, large={WEIGHTS})
        self.cache = self.home / "hub"
        self.folder = self.cache / "models--org--tiny"
        self.environment = {name: value for name, value in os.environ.items() if name not in CLEARED}
        self.environment |= {"HF_ENDPOINT": self.hub.endpoint, "HF_HUB_CACHE": str(self.cache), "HOME": str(self.home)}

    def run_tugline(self, *arguments, status=0, **environment):
        done = subprocess.run([BINARY, *arguments], env={**self.environment, **environment}, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def fetch(self, name="org/tiny", **more):
        """The snapshot's folder."""
        done = self.run_tugline("fetch", name, **more)
        return pathlib.Path(done.stdout.rstrip("\n"))

    def refused(self, *parts, name="org/tiny", command="fetch", **environment):
        """The message, which has these parts and no secret, and comes with exit status 2 and without a result."""
        done = self.run_tugline(command, name, status=2, **environment)
        self.assertEqual(done.stdout, "")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn(TOKEN, done.stderr)
        self.assertNotIn("very-secret", done.stderr)
        return done.stderr

    def snapshot(self, commit=None):
        return self.folder / "snapshots" / (commit or self.repository.commit)

    def partial(self):
        return self.folder / "blobs" / f"{sha256_of(MODEL[WEIGHTS])}.incomplete"

    def assert_whole(self, snapshot=None):
        for name, data in MODEL.items():
            self.assertEqual(((snapshot or self.snapshot()) / name).read_bytes(), data, name)


class Downloads(HubTest):
    def test_what_is_needed_and_nothing_else_in_the_hubs_layout(self):
        self.assertEqual(self.fetch(), self.snapshot())
        self.assert_whole()
        self.assertEqual(sorted(path.name for path in self.snapshot().iterdir()), sorted(MODEL))
        for name, data in MODEL.items():
            blob = sha256_of(data) if name == WEIGHTS else git_sha1_of(data)
            self.assertEqual(os.readlink(self.snapshot() / name), f"../../blobs/{blob}")
            self.assertTrue((self.cache / ".locks" / "models--org--tiny" / f"{blob}.lock").is_file())
        self.assertEqual((self.folder / "refs" / "main").read_text(), self.repository.commit)
        self.assertEqual(len(list((self.folder / "blobs").iterdir())), len(MODEL))

    def test_a_command_fetches_what_the_cache_lacks_and_then_asks_nobody(self):
        self.assertIn("org/tiny", self.run_tugline("inspect", "org/tiny").stdout)
        self.assert_whole()
        asked = len(self.hub.requests)
        self.run_tugline("inspect", "org/tiny")
        self.assertEqual(len(self.hub.requests), asked)
        self.run_tugline("inspect", "org/tiny", HF_HUB_OFFLINE="1")

    def test_nothing_but_what_the_command_reads(self):
        self.run_tugline("inspect", "org/tiny", "--text", "So the total is 12.")
        self.assertEqual(self.hub.asked(file=WEIGHTS), [])
        data = self.home / "data.json"
        data.write_text(json.dumps([{"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "It is on the sheet. So the total is 12. And so on.",
                                     "thought_anchor_idx": 1, "thought_anchor_sentence": "So the total is 12."}]))
        self.run_tugline("sweep", "org/tiny", str(data), "--dry-run")
        self.assertEqual(self.hub.asked(file=WEIGHTS), [])
        self.run_tugline("inspect", "org/tiny")
        self.assertEqual(len(self.hub.asked(file=WEIGHTS, server="store")), 1)
        self.assertEqual(len(self.hub.asked(file="config.json")), 1)

    def test_shards_are_those_that_the_index_names(self):
        index = b'{"weight_map": {"a": "model-1.safetensors", "b": "part/model-2.safetensors"}}'
        shards = {"model-1.safetensors": b"1" * 2000, "part/model-2.safetensors": b"2" * 3000}
        files = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors.index.json": index, "other.safetensors": b"3", **shards}
        repository = self.hub.add("org/sharded", files, large=set(shards))
        snapshot = self.fetch("org/sharded")
        self.assertEqual(snapshot.name, repository.commit)
        self.assertEqual({str(path.relative_to(snapshot)) for path in snapshot.rglob("*") if path.is_file()}, set(files) - {"other.safetensors"})
        self.assertEqual(os.readlink(snapshot / "part" / "model-2.safetensors"), f"../../../blobs/{sha256_of(b'2' * 3000)}")
        files["model.safetensors.index.json"] = b'{"weight_map": {"a": "model-9.safetensors"}}'
        self.hub.add("org/sharded", files, large=set(shards))
        self.refused("model-9.safetensors", "does not hold", name="org/sharded")
        files["model.safetensors.index.json"] = b'{"weight_map": {"a": "../../../x.safetensors"}}'
        self.hub.add("org/sharded", files, large=set(shards))
        self.refused("x.safetensors", "not inside the model's directory", name="org/sharded")

    def test_revisions(self):
        older = self.hub.add("org/tiny", {**MODEL, "config.json": b"{ }"}, large={WEIGHTS}).commit
        newer = self.hub.add("org/tiny", MODEL, large={WEIGHTS})
        for revision in ("v1.0", "refs/pr/1", "feature/x", newer.commit):
            newer.revisions[revision] = newer.commit
            self.assertEqual(self.fetch(f"org/tiny@{revision}"), self.snapshot(newer.commit))
            if revision != newer.commit:
                self.assertEqual((self.folder / "refs" / revision).read_text(), newer.commit)
        self.assertFalse((self.folder / "refs" / newer.commit).exists())
        self.run_tugline("inspect", "org/tiny@refs/pr/1", HF_HUB_OFFLINE="1")
        asked = len(self.hub.requests)
        self.fetch(f"org/tiny@{newer.commit}")  # a commit never changes
        self.assertEqual(len(self.hub.requests), asked)
        self.refused("no revision 'v2'", name="org/tiny@v2")
        self.refused(f"no revision '{older}'", name=f"org/tiny@{older}")
        for name in ("org/tiny@", "org/tiny@../x", "org/tiny@a b", "org/../x", "org/tiny/x", "tiny", "-x/y@-", "a--b/c", ""):
            done = self.run_tugline("fetch", "--", name, status=2)
            self.assertIn("ORG/NAME", done.stderr)

    def test_a_branch_is_brought_up_to_date_by_fetch_only(self):
        first = self.fetch()
        second = self.hub.add("org/tiny", {**MODEL, "config.json": MODEL["config.json"] + b" "}, large={WEIGHTS})
        self.assertIn(str(first), self.run_tugline("inspect", "org/tiny").stdout)
        self.assertEqual(self.fetch(), self.snapshot(second.commit))
        self.assertEqual(len(self.hub.asked(file=WEIGHTS, server="store")), 1)  # the blob was here
        self.assertIn(second.commit, self.run_tugline("inspect", "org/tiny").stdout)

    def test_a_path_wins_and_messages_name_both_readings(self):
        here = self.home / "here"
        (here / "org" / "tiny").mkdir(parents=True)

        def run(*arguments, status=0):
            done = subprocess.run([BINARY, *arguments], env=self.environment, cwd=here, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            return done

        message = run("inspect", "org/tiny", status=2).stderr
        self.assertIn("holds no config.json", message)
        self.assertIn("org/tiny@main", message)
        self.assertEqual(self.hub.requests, [])
        self.assertIn(self.repository.commit, run("inspect", "org/tiny@main").stdout)
        for name, data in MODEL.items():
            (here / "org" / "tiny" / name).write_bytes(data)
        self.assertNotIn(self.repository.commit, run("inspect", "org/tiny").stdout)
        message = run("inspect", "org/other", status=2).stderr
        self.assertIn("no path here", message)
        self.assertIn("org/other", message)

    def test_without_links_the_files_are_in_the_snapshot(self):
        self.fetch(HF_HUB_DISABLE_SYMLINKS="1")
        self.assert_whole()
        self.assertFalse(any(path.is_symlink() for path in self.snapshot().iterdir()))
        asked = len(self.hub.requests)
        self.fetch(HF_HUB_DISABLE_SYMLINKS="1")
        self.assertEqual(len(self.hub.requests), asked + 1)

    def test_what_the_hub_lacks_is_noted_and_not_asked_again(self):
        self.hub.add("org/bare", {"config.json": MODEL["config.json"], WEIGHTS: MODEL[WEIGHTS]}, large={WEIGHTS})
        snapshot = self.fetch("org/bare")
        self.assertTrue((snapshot.parent.parent / ".no_exist" / snapshot.name / "tokenizer.json").is_file())
        asked = len(self.hub.requests)
        done = self.run_tugline("inspect", "org/bare", "--text", "x", status=2)
        self.assertIn("there is no tokenizer.json", done.stderr)
        self.assertEqual(len(self.hub.requests), asked)


class Secrets(HubTest):
    def setUp(self):
        super().setUp()
        self.repository.token = TOKEN

    def assert_sent_to_the_hub_only(self):
        self.assertTrue(self.hub.asked(file=WEIGHTS, server="store"))
        for request in self.hub.requests:
            self.assertEqual(request.headers.get("authorization"), f"Bearer {TOKEN}" if request.server == "hub" else None)

    def test_the_variable_and_the_files(self):
        other = self.home / "elsewhere"
        other.write_text(f"{TOKEN}\n")
        home = self.home / "hf"
        home.mkdir()
        (home / "token").write_text(TOKEN)
        for number, environment in enumerate(({"HF_TOKEN": TOKEN}, {"HF_TOKEN_PATH": str(other)}, {"HF_HOME": str(home)},
                                              {"HUGGING_FACE_HUB_TOKEN": TOKEN}, {"HF_TOKEN": TOKEN, "HF_TOKEN_PATH": str(self.home / "none")})):
            with self.subTest(environment):
                self.hub.requests.clear()
                self.fetch(HF_HUB_CACHE=str(self.home / str(number)), **environment)
                self.assert_sent_to_the_hub_only()
        self.refused("401", "no token was sent", HF_HOME=str(home), HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
        self.refused("401", "no token was sent", HF_TOKEN_PATH="/proc/self/mem")  # opens, but reading it is refused

    def test_a_redirect_takes_no_token_along(self):
        with FakeHub() as other:
            other.add("org/tiny", MODEL, large={WEIGHTS})
            self.hub.redirect_api = other.endpoint
            self.refused(HF_TOKEN=TOKEN)  # the commit is the other hub's
            self.assertTrue(other.requests)
            for request in other.requests:
                self.assertNotIn("authorization", request.headers)

    def test_refusals_say_what_to_do(self):
        self.refused("401", "private or gated", "hf auth login", "HF_TOKEN")
        self.refused("401", "the token that was sent", HF_TOKEN="hf_wrong")
        self.repository.refusal = (403, "GatedRepo")
        self.refused("403", "gated", f"{self.hub.endpoint}/org/tiny", HF_TOKEN="hf_wrong")
        self.refused("one word of printable ASCII", HF_TOKEN=f"{TOKEN}\r\nX: y")
        self.refused("404", "org/none", name="org/none", HF_TOKEN=TOKEN)


class BrokenConnections(HubTest):
    def ranges(self):
        return [request.headers.get("range") for request in self.hub.asked(file=WEIGHTS, server="store")]

    def test_a_cut_is_resumed_if_the_file_is_the_same(self):
        self.hub.plan(WEIGHTS, Cut(50_000), Cut(30_000))
        self.fetch()
        self.assert_whole()
        self.assertEqual(self.ranges(), [None, "bytes=50000-", "bytes=80000-"])
        etag = f'"store-{len(MODEL[WEIGHTS])}"'
        conditions = [request.headers.get("if-range") for request in self.hub.asked(file=WEIGHTS, server="store")]
        self.assertEqual(conditions, [None, etag, etag])

    def test_a_stall_is_given_up_and_resumed(self):
        self.hub.plan(WEIGHTS, Stall(40_000, 8))
        self.fetch(HF_HUB_DOWNLOAD_TIMEOUT="2")
        self.assert_whole()
        self.assertEqual(self.ranges()[1], "bytes=40000-")

    def test_an_interrupted_download_goes_on_in_the_next_process(self):
        self.hub.plan(WEIGHTS, Stall(60_000, 20))
        process = subprocess.Popen([BINARY, "fetch", "org/tiny"], env={**self.environment, "HF_HUB_DOWNLOAD_TIMEOUT": "60"},
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wait_until(lambda: self.partial().is_file() and self.partial().stat().st_size == 60_000)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - asked, 10)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn("interrupted", err)
        self.assertFalse((self.folder / "refs" / "main").exists())
        self.fetch()
        self.assert_whole()
        self.assertEqual(self.ranges(), [None, "bytes=60000-"])
        self.assertFalse(self.partial().exists())

    def wait_until(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_server_without_ranges_sends_everything_again(self):
        self.hub.plan(WEIGHTS, Cut(50_000), Send(ranges=False))
        self.fetch()
        self.assert_whole()

    def test_ranges_that_were_not_asked_for(self):
        self.hub.plan(WEIGHTS, Cut(50_000), Send(content_range="bytes 7-9/10"))
        self.fetch()
        self.assert_whole()
        self.assertEqual(self.ranges(), [None, "bytes=50000-", None])

    def test_a_part_that_is_too_long_or_of_another_file(self):
        for content in (MODEL[WEIGHTS] + b"x", b"x" * 1000, b"x" * len(MODEL[WEIGHTS])):
            with self.subTest(len(content)):
                (self.folder / "blobs").mkdir(parents=True, exist_ok=True)
                self.partial().write_bytes(content)
                self.fetch()
                self.assert_whole()
                for path in (self.snapshot() / WEIGHTS, (self.snapshot() / WEIGHTS).resolve()):
                    path.unlink()

    def test_the_server_is_busy(self):
        self.hub.plan("api", Status(429, {"Retry-After": "1"}))
        self.hub.plan("config.json", Status(503))
        self.hub.plan(WEIGHTS, Status(429, {"Retry-After": "1"}), Status(500), Status(416))
        self.fetch()
        self.assert_whole()

    def test_it_gives_up_and_keeps_what_came(self):
        again = {"Retry-After": "1"}
        self.hub.plan(WEIGHTS, Cut(50_000), *[Status(503, again)] * 5)
        self.refused("503", "tried 5 times", "kept")
        self.assertEqual(self.partial().stat().st_size, 50_000)
        self.hub.plan(WEIGHTS, Status(429, {"Retry-After": "3600"}))
        self.refused("429", "3600 seconds")
        self.fetch()
        self.assertEqual(self.ranges()[-1], "bytes=50000-")

    def test_two_processes_at_once_download_once(self):
        self.hub.plan(WEIGHTS, Stall(60_000, 0.7))
        both = [subprocess.Popen([BINARY, "fetch", "org/tiny"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(2)]
        outcomes = [process.communicate(timeout=60) for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], outcomes)
        self.assertEqual(outcomes[0][0], outcomes[1][0])
        self.assert_whole()
        self.assertEqual(self.ranges(), [None, "bytes=60000-"])

    def test_a_full_disk_keeps_what_came(self):
        limited = subprocess.run(["bash", "-c", f"ulimit -f 100; exec {BINARY} fetch org/tiny"], env=self.environment, capture_output=True, text=True)
        self.assertEqual(limited.returncode, 2)
        self.assertIn("102400 bytes are kept", limited.stderr)
        self.fetch()
        self.assert_whole()
        self.assertEqual(self.ranges()[-1], "bytes=102400-")

    def test_a_cache_that_cannot_be_written(self):
        self.cache.write_text("a file")
        self.refused("cannot be made", "HF_HUB_CACHE")


class Lies(HubTest):
    def test_other_bytes_than_the_checksum_says(self):
        other = b"x" * len(MODEL[WEIGHTS])
        self.hub.plan(WEIGHTS, Send(data=other))
        self.refused("checksum", sha256_of(MODEL[WEIGHTS]), sha256_of(other), "Nothing of it was kept")
        self.assertFalse(self.partial().exists())
        small = b"{" + MODEL["config.json"][1:-1] + b" "
        self.hub.plan("config.json", Send(data=small))
        self.snapshot().joinpath("config.json").unlink(missing_ok=True)
        for path in (self.folder / "blobs").iterdir():
            path.unlink()
        self.refused("config.json", "checksum", git_sha1_of(MODEL["config.json"]), git_sha1_of(small))
        self.fetch()
        self.assert_whole()

    def test_more_and_fewer_bytes_than_were_said(self):
        self.hub.plan(WEIGHTS, Send(data=MODEL[WEIGHTS] + b"more"))
        self.refused("sends more than", str(len(MODEL[WEIGHTS])))
        self.hub.plan(WEIGHTS, Send(data=MODEL[WEIGHTS][:1000]))
        self.fetch()
        self.assert_whole()

    def test_headers_that_contradict_the_listing(self):
        for headers, words in (({"X-Linked-Size": "5"}, "lists 165784 bytes"), ({"X-Linked-Etag": '"' + "0" * 64 + '"'}, "lists the checksum"),
                               ({"X-Linked-Size": "many"}, "'many'"), ({"X-Linked-Etag": '"../../x"'}, "ETag")):
            with self.subTest(headers):
                self.repository.heads = {WEIGHTS: headers}
                self.refused(WEIGHTS, words)
        self.assertFalse((self.home / "x").exists())

    def test_a_size_that_no_disk_holds(self):
        def grow(listing):
            for file in listing["siblings"]:
                if "lfs" in file:
                    file["size"] = file["lfs"]["size"] = 1 << 60

        self.repository.listing = grow
        self.refused(str(1 << 60), "the disk has")

    def test_listings_that_are_none(self):
        for body, words in ((b"<html>", "web page"), (b"[]", "'sha'"), (b'{"sha": "../x", "siblings": []}', "expected a commit"),
                            (b'{"sha": "%s"}' % (b"0" * 40), "'siblings'"), (b'{"sha": "%s", "siblings": [3]}' % (b"0" * 40), "rfilename")):
            with self.subTest(body):
                self.hub.plan("api", Send(data=body))
                self.refused(words)

    def test_a_file_that_is_listed_and_not_there(self):
        self.repository.listing = lambda listing: listing["siblings"].append({"rfilename": "added_tokens.json"})
        self.refused("added_tokens.json", "404")


class Refusals(HubTest):
    def test_repositories_without_safetensors_say_what_they_have(self):
        small = {"config.json": b"{}", "tokenizer.json": b"{}"}
        for files, words in (({**small, "pytorch_model.bin": b"x"}, ("pytorch_model.bin", "pickled")), ({**small, "m.Q4.gguf": b"x"}, ("m.Q4.gguf", "GGUF")),
                             (small, ("its weights are nothing",)), ({WEIGHTS: b"x"}, ("neither config.json nor tokenizer.json",)),
                             ({**small, "adapter_config.json": b"{}", "adapter_model.safetensors": b"x"}, ("adapter_config.json", "adapter"))):
            with self.subTest(sorted(files)):
                self.hub.add("org/other", files)
                self.refused(*words, name="org/other")
                self.assertEqual(self.hub.asked(file=".bin") + self.hub.asked(file=".gguf"), [])

    def test_offline_says_so_and_what_the_cache_has(self):
        self.refused("HF_HUB_OFFLINE", "has nothing of it", HF_HUB_OFFLINE="1")
        self.refused("HF_HUB_OFFLINE", "has nothing of it", "tugline fetch org/tiny", command="inspect", HF_HUB_OFFLINE="YES")
        self.run_tugline("inspect", "org/tiny", "--text", "x")
        self.refused("TRANSFORMERS_OFFLINE", f"lacks {WEIGHTS}", str(self.snapshot()), command="inspect", TRANSFORMERS_OFFLINE="1")
        self.run_tugline("inspect", "org/tiny", "--text", "x", HF_HUB_OFFLINE="1")
        self.refused("'v2'", self.repository.commit, name="org/tiny@v2", command="inspect", HF_HUB_OFFLINE="1")

    def test_a_hub_that_cannot_be_reached(self):
        begun = time.monotonic()
        self.refused("cannot be reached", "has nothing of it", "no path here", command="inspect", HF_ENDPOINT="http://127.0.0.1:9")
        self.assertLess(time.monotonic() - begun, 30)
        self.refused("HF_ENDPOINT", "ftp://x", HF_ENDPOINT="ftp://x")
        self.refused("HF_HUB_DOWNLOAD_TIMEOUT", "soon", HF_HUB_DOWNLOAD_TIMEOUT="soon")

    def test_a_proxy_is_asked(self):
        self.fetch(HF_ENDPOINT="http://hub.invalid", http_proxy=self.hub.endpoint, no_proxy="localhost")
        self.assert_whole()


class Certificates(unittest.TestCase):
    """A hub with a certificate that only SSL_CERT_FILE vouches for."""

    @unittest.skipUnless(shutil.which("openssl"), "openssl makes the certificate")
    def test_they_are_verified(self):
        home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tugline-hub-")))
        certificate, key = str(home / "cert.pem"), str(home / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        hub = self.enterContext(FakeHub(tls=context))
        hub.add("org/tiny", MODEL)
        hub.add("org/large", MODEL, large={WEIGHTS})
        environment = {name: value for name, value in os.environ.items() if name not in CLEARED}
        environment |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_CACHE": str(home / "hub"), "HOME": str(home)}

        def fetch(name, status, **more):
            done = subprocess.run([BINARY, "fetch", name], env={**environment, **more}, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            return done.stderr

        message = fetch("org/tiny", 2)
        self.assertIn("certificate cannot be verified", message)
        self.assertIn("SSL_CERT_FILE", message)
        self.assertEqual(hub.requests, [])
        fetch("org/tiny", 0, SSL_CERT_FILE=certificate)
        # The hub's own host is asked by TLS; a redirect to where there is none is not followed.
        self.assertIn("redirects from https to http", fetch("org/large", 2, SSL_CERT_FILE=certificate))


if __name__ == "__main__":
    check_skips.run_unittests()
