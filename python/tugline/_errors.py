"""The exceptions of tugline: one hierarchy, whose classes are also the ones that Python has for the same thing."""

from __future__ import annotations


class Error(Exception):
    """What a user can mend. ``code`` is a short stable name, such as "input"; ``argument`` is the argument that it is about, or None."""

    code = "error"
    argument: str | None = None


class UsageError(Error, ValueError):
    """An argument that cannot be: out of range, of another shape, contradictory."""

    code = "usage"


class InputError(Error, ValueError):
    """A file's content, a text or an array is not what it must be."""

    code = "input"


class UnsupportedError(Error, NotImplementedError):
    """Well-formed, but asks for something that tugline does not have."""

    code = "unsupported"


class NotFoundError(Error, FileNotFoundError):
    """A model, file or tensor that is not there."""

    code = "not_found"


class SystemRefusedError(Error, OSError):
    """The operating system refused: permissions, a full disk, no network."""

    code = "io"


class ConflictError(Error, ValueError):
    """The run store at the path was made by another configuration."""

    code = "conflict"


class NothingToMeasureError(Error, ValueError):
    """Every example was skipped."""

    code = "nothing_to_measure"


class Interrupted(Error, KeyboardInterrupt):
    """Ctrl-C. What was finished is kept, and the same call goes on from there."""

    code = "interrupted"


class TuglineWarning(UserWarning):
    """What the user should know though the call goes on."""


_CLASSES = {
    kind.code: kind
    for kind in (
        UsageError,
        InputError,
        UnsupportedError,
        NotFoundError,
        SystemRefusedError,
        ConflictError,
        NothingToMeasureError,
        Interrupted,
    )
}


def error_of(code: str, message: str, setting: str) -> BaseException:
    """The exception for one of the library's error codes. The library's settings have the names of Python's arguments."""
    error = _CLASSES.get(code, Error)(message)
    error.argument = setting or None
    return error
