"""tugline: pushes the residual stream of a language model and measures how far the next-token distributions move.

>>> import tugline as tl
>>> tl.kl([[0.0, 1.0]], [[0.0, 1.0]])
array([0.])
"""

from tugline._arguments import Site
from tugline._curve import Curve
from tugline._divergence import kl, kl_of_difference
from tugline._errors import (
    ConflictError,
    Error,
    InputError,
    Interrupted,
    NothingToMeasureError,
    NotFoundError,
    SystemRefusedError,
    TuglineWarning,
    UnsupportedError,
    UsageError,
)
from tugline._model import Model, Sentence, Tokens, Trace
from tugline._options import PushOptions, SweepOptions
from tugline._run import Figure, Run, merge, open, sweep
from tugline._shards import sweep_shards
from tugline._tugline import __version__
from tugline._vectors import LayerVectors, Vectors, vectors

__all__ = [
    "ConflictError",
    "Curve",
    "Error",
    "Figure",
    "InputError",
    "Interrupted",
    "LayerVectors",
    "Model",
    "NotFoundError",
    "NothingToMeasureError",
    "PushOptions",
    "Run",
    "Sentence",
    "Site",
    "SweepOptions",
    "SystemRefusedError",
    "Tokens",
    "Trace",
    "TuglineWarning",
    "UnsupportedError",
    "UsageError",
    "Vectors",
    "__version__",
    "kl",
    "kl_of_difference",
    "merge",
    "open",
    "sweep",
    "sweep_shards",
    "vectors",
]
