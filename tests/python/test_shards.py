"""Sweeps in shards on executors: pools, Dask and Ray on this machine, with a worker killed in the middle; what resumes; what is refused."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest
from conftest import DATA

import tugline as tl

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "clusters.md"
WORDS = "the sum is on sheet so total of ten red box and nine are not it one then".split()
TABLES = ("curves", "responses", "rows", "examples")
# The audits in f64 are what takes time: seconds in all, and little room in the store.
OPTIONS: dict[str, Any] = {
    "spans": "chunks", "layers": [0], "directions": 8, "epsilons": [0, 0.5, 1], "readout": "downstream:20", "audit": 16, "progress": False,
}  # fmt: skip
SHARDS = 4


def made_examples(count: int) -> list[dict[str, Any]]:
    """Of ten short sentences each."""
    examples = []
    for example in range(count):
        sentences = ["So " + " ".join(WORDS[(7 * example + 5 * chunk + 3 * k) % len(WORDS)] for k in range(5)) + "." for chunk in range(10)]
        examples.append({"prompt": "p", "model_input_prompt": f"Add {example}. <think>", "cot": " ".join(sentences)})
    return examples


EXAMPLES = made_examples(4)


@pytest.fixture(scope="module")
def whole(model: tl.Model, tmp_path_factory: pytest.TempPathFactory) -> tl.Run:
    """The same sweep in one piece."""
    return tl.sweep(model, EXAMPLES, tmp_path_factory.mktemp("whole") / "run.db", **OPTIONS)


def expect_same(run: tl.Run, expected: tl.Run, program: Callable[..., str]) -> None:
    for table in TABLES:
        assert program("export", run.path, "--table", table) == program("export", expected.path, "--table", table), table


def in_store(store: pathlib.Path, question: str) -> int:
    """The answer, a number; 0 while there is none."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1)) as database:
            return int(database.execute(question).fetchone()[0])
    except sqlite3.Error:
        return 0


def writer_of(store: pathlib.Path) -> int | None:
    """The process that has the file open."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(file) == str(store) for file in (process / "fd").iterdir()):
                return int(process.name)
    return None


class Killer(threading.Thread):
    """Kills the worker of the first shard that has a unit and not all of them."""

    def __init__(self, folder: pathlib.Path):
        super().__init__(daemon=True)
        self._folder = folder
        self.killed: pathlib.Path | None = None
        self.units = 0

    def run(self) -> None:
        end = time.monotonic() + 120
        while self.killed is None and time.monotonic() < end:
            for store in self._folder.glob("*-of-*.db"):
                units = in_store(store, "SELECT count(*) FROM units")
                process = writer_of(store) if 0 < units < 6 else None
                if process is not None and process != os.getpid():
                    os.kill(process, signal.SIGKILL)
                    self.killed, self.units = store, units
                    return
            time.sleep(0.02)


def spawned(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@contextlib.contextmanager
def processes() -> Iterator[Any]:
    yield lambda: spawned(2)


@contextlib.contextmanager
def dask() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def ray() -> Iterator[Any]:
    library = pytest.importorskip("ray")
    code = re.search(r"^```python\n((?:(?!^```).)*class RayExecutor.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert code, "docs/clusters.md shows the executor"
    names: dict[str, Any] = {}
    exec(code.group(1), names)  # noqa: S102
    library.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        yield names["RayExecutor"]()
    finally:
        library.shutdown()


@pytest.mark.parametrize("executors", [processes, dask, ray])
def test_a_killed_worker_costs_nothing_but_time(
    executors: Callable[[], Any], model: tl.Model, whole: tl.Run, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    killer = Killer(tmp_path / "run.db.shards")
    with executors() as executor:
        killer.start()
        run = tl.sweep_shards(model, EXAMPLES, tmp_path / "run.db", executor=executor, shards=SHARDS, keep_shards=True, **OPTIONS)
    killer.join()
    assert killer.killed, "a worker was killed in the middle of a shard"
    assert in_store(killer.killed, "SELECT count(DISTINCT session) FROM units") == 2, "another worker went on with its store"
    expect_same(run, whole, program)
    assert run.identity == whole.identity


def test_threads_share_the_callers_model(model: tl.Model, whole: tl.Run, tmp_path: pathlib.Path, program: Callable[..., str]) -> None:
    with ThreadPoolExecutor(2) as executor:
        run = tl.sweep_shards(model, EXAMPLES, tmp_path / "run.db", executor=executor, shards=3, **OPTIONS)
        expect_same(run, whole, program)
        assert not (tmp_path / "run.db.shards").exists()
        again = tl.sweep_shards(model, EXAMPLES, tmp_path / "run.db", executor=executor, **OPTIONS)
    assert again.path == run.path
    expect_same(again, whole, program)


class FirstTimesLost(ThreadPoolExecutor):
    """Loses each call's first attempts."""

    def __init__(self, losses: int, error: BaseException):
        super().__init__(1)
        self._losses = losses
        self._error = error
        self.calls = 0

    def submit(self, fn: Any, /, *args: Any, **named: Any) -> Future[Any]:
        self.calls += 1
        *_, attempt = args
        if attempt >= self._losses:
            return super().submit(fn, *args, **named)
        lost: Future[Any] = Future()
        lost.set_exception(self._error)
        return lost


def test_a_lost_shard_is_submitted_again_a_bounded_number_of_times(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    options: dict[str, Any] = {"epsilons": [1], "directions": 1, "audit": 0, "progress": False, "shards": 2}
    executor = FirstTimesLost(2, OSError("the worker is gone"))
    assert len(tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, **options).table("units")["rms"]) == 2
    assert executor.calls == 2 * 3
    with pytest.raises(tl.Error, match=r"shard 1 of 2 was lost 3 times, the last time by OSError: the worker is gone; finished units are kept in"):
        tl.sweep_shards(model, data_file, tmp_path / "x.db", executor=FirstTimesLost(9, OSError("the worker is gone")), **options)


def test_an_error_that_would_come_again_ends_the_sweep(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    executor = FirstTimesLost(1, tl.InputError("layer 3 is damaged"))
    with pytest.raises(tl.InputError, match="damaged"):
        tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, shards=2, progress=False)
    assert executor.calls == 2


def test_a_broken_executor_that_is_the_callers_is_not_replaced(model: tl.Model, tmp_path: pathlib.Path) -> None:
    killer = Killer(tmp_path / "run.db.shards")
    killer.start()
    with spawned(1) as executor, pytest.raises(tl.Error, match="a function that makes executors"):
        tl.sweep_shards(model, EXAMPLES, tmp_path / "run.db", executor=executor, shards=2, **OPTIONS)
    killer.join()
    assert killer.killed


def test_a_forked_worker_says_what_it_lacks(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor, pytest.raises(tl.UsageError, match="spawn"):
        tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, shards=1, progress=False)


def test_vectors_of_every_kind_reach_the_workers(
    model: tl.Model, data_file: str, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    made = tl.vectors(model, data_file, layers=[0, 2], kinds="example")
    with spawned(1) as executor:
        for name, directions in {
            "made": made, "function": lambda site: [[1.0] * site.width], "layers": {0: made["example"][0], 2: made["example"][2]},
        }.items():  # fmt: skip
            options: dict[str, Any] = {"directions": directions, "layers": range(0, 3, 2), "epsilons": iter([1.0]), "audit": 0, "progress": False}
            run = tl.sweep_shards(model, data_file, tmp_path / f"{name}.db", executor=executor, shards=2, **options)
            options["epsilons"] = [1.0]
            expect_same(run, tl.sweep(model, data_file, tmp_path / f"{name}-whole.db", **options), program)


def test_ctrl_c_keeps_what_is_measured(model_path: str, model: tl.Model, whole: tl.Run, tmp_path: pathlib.Path, program: Callable[..., str]) -> None:
    script = tmp_path / "sweep.py"
    script.write_text(
        textwrap.dedent(f"""
        import multiprocessing, sys
        from concurrent.futures import ProcessPoolExecutor
        sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
        import tugline as tl
        from test_shards import EXAMPLES, OPTIONS, SHARDS
        if __name__ == "__main__":
            model = tl.Model.from_pretrained({model_path!r})
            executor = lambda: ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
            try:
                tl.sweep_shards(model, EXAMPLES, "run.db", executor=executor, shards=SHARDS, **OPTIONS)
            except KeyboardInterrupt as stopped:
                print("stopped:", stopped)
        """)
    )
    folder = tmp_path / "run.db.shards"
    # As a terminal does it: the signal goes to the workers, too.
    started = subprocess.Popen([sys.executable, script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 120
    while not any(in_store(store, "SELECT count(*) FROM units") for store in folder.glob("*-of-*.db")):
        assert started.poll() is None and time.monotonic() < end, started.communicate()
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert f"stopped: interrupted; finished units are kept in {folder}" in out, err
    assert not (tmp_path / "run.db").exists()
    units = sum(in_store(store, "SELECT count(*) FROM units") for store in folder.glob("*-of-*.db"))
    assert 0 < units < 36
    with spawned(2) as executor:
        run = tl.sweep_shards(model, EXAMPLES, tmp_path / "run.db", executor=executor, **OPTIONS)  # the stores say into how many shards
    expect_same(run, whole, program)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"executor": 3}, "executor: expected an object with submit"),
        ({"shards": 0}, "shards: 0 is not 1 or more"),
        ({"attempts": 0}, "attempts: 0 is not 1 or more"),
        ({"shard_seconds": 0}, "shard_seconds: 0 is not above 0"),
        ({"layers": [99]}, "layers"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_submitted(
    options: dict[str, Any], words: str, model: tl.Model, tmp_path: pathlib.Path
) -> None:
    with ThreadPoolExecutor(1) as executor, pytest.raises(tl.UsageError, match=words):
        tl.sweep_shards(model, DATA, tmp_path / "run.db", **{"executor": executor, "progress": False, **options})
    assert list(tmp_path.iterdir()) == []


def test_stores_that_are_there_are_respected(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    options: dict[str, Any] = {"epsilons": [1], "directions": 1, "audit": 0, "progress": False}
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(TypeError, match="shard"):
            tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, shard=(1, 2), **options)
        tl.sweep(model, data_file, tmp_path / "part.db", shard=(1, 2), **options)
        with pytest.raises(tl.UsageError, match=r"lacks 1 of the run's 2 units"):
            tl.sweep_shards(model, data_file, tmp_path / "part.db", executor=executor, **options)
        tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, shards=2, keep_shards=True, **options)
        (tmp_path / "run.db").unlink()
        with pytest.raises(tl.UsageError, match="division into 2; give shards=2"):
            tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, shards=3, **options)
        with pytest.raises(tl.ConflictError, match="seed"):
            tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, seed=1, **options)
        assert len(tl.sweep_shards(model, data_file, tmp_path / "run.db", executor=executor, **options).table("units")["rms"]) == 2


def test_a_rank_takes_its_part(model: tl.Model, data_file: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"epsilons": [1], "directions": 1, "audit": 0, "progress": False}
    with pytest.raises(tl.UsageError, match="no launcher"):
        tl.sweep(model, data_file, tmp_path / "run.db", shard="auto", **options)
    with pytest.raises(tl.UsageError, match="stands for a part"):
        tl.sweep(model, data_file, tmp_path / "{shard}.db", **options)
    monkeypatch.setenv("PMI_SIZE", "2")
    runs = []
    for rank in range(2):
        monkeypatch.setenv("PMI_RANK", str(rank))
        runs.append(tl.sweep(model, data_file, tmp_path / "{shard}.db", shard="auto", **options))
    with pytest.raises(tl.UsageError, match="a store of its own"):
        tl.sweep(model, data_file, tmp_path / "run.db", shard="auto", **options)
    assert [pathlib.Path(run.path).name for run in runs] == ["1-of-2.db", "2-of-2.db"]
    assert len(tl.merge(tmp_path / "run.db", [run.path for run in runs]).table("units")["rms"]) == 2
    with pytest.warns(tl.TuglineWarning, match="missing"):
        tl.merge(tmp_path / "half.db", [runs[0].path])
