# The compiled module: the public headers of the library (include/tugline), one to one.
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__version__: str

_Warn = Callable[[str], None] | None
_Progress = Callable[[int, int, float, str], None] | None
_Fetched = Callable[[int, int], None] | None
_Floats = npt.NDArray[np.float64]
_Ids = npt.NDArray[np.int32]
_Columns = dict[str, Any]

class HubOptions:
    revision: str
    token: str
    cache: str
    local_files_only: bool

class ModelOptions:
    precision: str
    threads: int
    hub: HubOptions

class PushSettings:
    layers: list[int]
    hook: str
    head: int | None
    at: str
    epsilons: list[float]
    push: str
    directions: int
    direction_family: str
    direction_sharing: str
    seed: int
    direction_file: str
    null_directions: int
    orthogonal_to: str
    readout: str
    temperature: float
    vocabulary: str
    audit: int
    answers: tuple[int, int] | None
    moved_tokens: int
    memory_limit: int
    batch_rows: int
    def set_vectors(self, vectors: _Floats) -> None: ...
    vectors_origin: dict[str, str]
    def set_vectors_of_layer(self, layer: int, vectors: _Floats, belong_to: str) -> None: ...
    def set_orthogonal_vectors(self, vectors: _Floats) -> None: ...

class SweepSettings:
    push: PushSettings
    spans: list[str]
    bos: str
    max_examples: int | None
    node_tolerance: float | None
    keep_going: bool
    shard: int
    shards: int

class VectorSettings:
    layers: list[int]
    hook: str
    head: int | None
    kinds: list[str]
    metric: str
    threshold: float
    centred: bool
    bos: str
    max_examples: int | None

class Vectors:
    def kinds(self) -> dict[str, dict[int, tuple[_Floats, str]]]: ...
    def metadata(self) -> dict[str, str]: ...
    def save_file(self, path: str) -> None: ...

class AnalysisSettings:
    epsilon: float | None
    threshold: float
    small_epsilon: float | None
    resamples: int
    seed: int
    measure: str
    spans: list[str]
    layers: list[int]

class DoseSettings:
    kl: float
    statistic: str
    by: str
    resamples: int
    seed: int
    tangents: bool
    refine: float | None
    pushes: str

class PlotSettings:
    kind: str
    spans: str
    layer: int | None
    epsilon: float | None
    metric: str
    measure: str
    example: int | None
    scale: str
    style: str
    title: str
    width: float | None
    caption: bool
    kl: float | None
    statistic: str

class DataSource:
    path: str
    text: str | None
    fields: dict[str, str]

class Responses:
    def layers(self) -> list[dict[str, Any]]: ...
    def epsilons(self) -> _Floats: ...
    def directions(self) -> int: ...
    def null_directions(self) -> int: ...
    def rows(self) -> npt.NDArray[np.int64]: ...
    def tokens(self) -> _Ids: ...
    def measures(self) -> list[str]: ...
    def push_measures(self) -> list[str]: ...
    def provenance(self) -> dict[str, str]: ...
    def values(self, measure: str) -> _Floats: ...
    def means(self, measure: str) -> _Floats: ...

class Trace:
    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...
    def tug(self, settings: PushSettings, warn: _Warn, progress: _Progress) -> Responses: ...

class Transcript:
    def text(self) -> str: ...
    def tokens(self) -> tuple[_Ids, npt.NDArray[np.int64], npt.NDArray[np.int64], list[bytes]]: ...
    def anchor(self, warn: _Warn) -> Trace: ...
    def tug_sentences(
        self, settings: PushSettings, warn: _Warn, progress: _Progress
    ) -> list[tuple[int, str, int, int, float, Responses]]: ...
    def trace_sentence(self, sentence: str) -> Trace: ...
    def trace_span(self, begin: int, end: int) -> Trace: ...

class LanguageModel:
    @staticmethod
    def load(model: str, options: ModelOptions, warn: _Warn, fetched: _Fetched) -> LanguageModel: ...
    @staticmethod
    def load_memory(
        name: str,
        folder: str,
        tensors: dict[str, tuple[str, list[int], int, int]],
        owner: object,
        options: ModelOptions,
        warn: _Warn,
    ) -> LanguageModel: ...
    def info(self) -> dict[str, Any]: ...
    def tokenize(self, text: str, bos: str, warn: _Warn) -> tuple[_Ids, npt.NDArray[np.int64], npt.NDArray[np.int64], list[bytes]]: ...
    def decode(self, ids: _Ids) -> str: ...
    def logits(self, ids: _Ids, warn: _Warn) -> npt.NDArray[np.float32]: ...
    def residuals(self, ids: _Ids, layers: list[int], hook: str, head: int | None, warn: _Warn) -> dict[int, npt.NDArray[np.float32]]: ...
    def transcript(self, text: str, bos: str, warn: _Warn) -> Transcript: ...
    def transcript_of_example(self, data: DataSource, example: int, bos: str, warn: _Warn) -> Transcript: ...
    def transcript_of_ids(self, ids: _Ids) -> Transcript: ...

class Run:
    @staticmethod
    def open(path: str) -> Run: ...
    def path(self) -> str: ...
    def identity(self) -> dict[str, str]: ...
    def provenance(self) -> dict[str, str]: ...
    def summary(self) -> str: ...
    def summary_json(self) -> str: ...
    def table(self, name: str) -> _Columns: ...
    def analyze(self, settings: AnalysisSettings, data: DataSource, keep: bool, warn: _Warn) -> dict[str, _Columns]: ...
    def dose(
        self, settings: DoseSettings, model: LanguageModel | None, data: DataSource, warn: _Warn, progress: _Progress
    ) -> dict[str, _Columns]: ...
    def verify(
        self, sample: int, seed: int, model: LanguageModel | None, data: DataSource, warn: _Warn, progress: _Progress
    ) -> dict[str, _Columns]: ...
    def rerun(self, model: LanguageModel, data: DataSource, path: str, warn: _Warn, progress: _Progress) -> Run: ...
    def compare(self, again: Run) -> dict[str, _Columns]: ...
    def analysis(self) -> dict[str, _Columns]: ...
    def warnings(self) -> list[str]: ...
    def figure(self, settings: PlotSettings, format: str) -> bytes: ...
    def save_report(self, path: str, data: DataSource, warn: _Warn) -> None: ...
    def save_figure(self, path: str, settings: PlotSettings) -> None: ...

def sweep(
    model: LanguageModel, data: DataSource, path: str, settings: SweepSettings, warn: _Warn, progress: _Progress
) -> Run: ...
def forecast(model: LanguageModel, data: DataSource, path: str, settings: SweepSettings, warn: _Warn) -> tuple[int, int, int, float]: ...
def merge(out: str, stores: list[str], warn: _Warn) -> Run: ...
def launched_part() -> tuple[int, int]: ...
def path_of_part(path: str, shard: int, shards: int) -> str: ...
def vectors(model: LanguageModel, data: DataSource, settings: VectorSettings, warn: _Warn) -> Vectors: ...
def kl(p_logits: _Floats, q_logits: _Floats, vocabulary: int, temperature: float) -> _Floats: ...
def kl_of_difference(delta: _Floats, base_logits: _Floats, vocabulary: int, temperature: float) -> _Floats: ...
