"""Holds src/tugline to its architecture: which folder may include which, and how headers look.

Each rule is also shown a made-up tree that breaks it, so that no rule passes for want of looking.
"""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "tugline"
# What is installed. It stands by itself: the standard library and each other are all that these headers include.
PUBLIC = ROOT / "include" / "tugline"

# Folder -> the other folders that it may include. The command line puts everything together.
MAY_INCLUDE = {
    "core": set(),
    "files": {"core"},
    "data": {"core"},
    "backend": {"core"},
    "text": {"core", "files"},
    "model": {"core", "files", "backend"},
    # Of store/ only the plain records: a sweep hands its results to whoever keeps them.
    "probe": {"core", "files", "text", "data", "backend", "model", "store"},
    "store": {"core"},
    "stats": {"core", "store"},
    "report": {"core", "store", "stats"},
    # What the public headers promise: a caller of everything but the command line.
    "api": {"core", "files", "text", "data", "backend", "model", "probe", "store", "stats", "report"},
}
SEES_ALL = {"cli"}
# Who may include the public headers; core/error only the one with the exception's type.
SEES_PUBLIC = {"api", "cli"}
PUBLIC_FOR_ALL = {"error.h"}
COMPUTE_LIBRARIES = re.compile(r"dnnl|oneapi/|hwy/|cuda|cublas")
COMPUTE_FOLDER = "backend"
PARALLEL_LOOPS = "core/parallel_for.h"
MOST_LINES = 450
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
STRING_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
OPTION = re.compile(r"(?<![\w-])--[a-z]")
SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}


class Tree:
    """The sources below one folder: relative path -> text."""

    def __init__(self, root):
        found = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES)
        self.texts = {path.relative_to(root): path.read_text(encoding="utf-8") for path in found}

    def includes(self, path):
        return [name for _, name in INCLUDE.findall(self.texts[path])]

    def own_includes(self, path):
        """Those of the tree's folders; a name without a folder is a public header."""
        return [name for name in self._named(path) if len(name.parts) > 1]

    def public_includes(self, path):
        return [name for name in self._named(path) if len(name.parts) == 1]

    def _named(self, path):
        prefix = "tugline/"
        return [pathlib.PurePosixPath(name[len(prefix) :]) for name in self.includes(path) if name.startswith(prefix)]


def folder_of(path):
    return path.parts[0]


def wrong_directions(tree):
    for path in tree.texts:
        folder = folder_of(path)
        if folder in SEES_ALL:
            continue
        if folder not in MAY_INCLUDE:
            yield f"{path}: the folder {folder}/ has no rule in MAY_INCLUDE"
            continue
        for target in tree.own_includes(path):
            if folder_of(target) not in MAY_INCLUDE[folder] | {folder}:
                yield f"{path}: {folder}/ may not include {target}"


def stray_public_includes(tree):
    for path in tree.texts:
        for target in tree.public_includes(path):
            if folder_of(path) not in SEES_PUBLIC and str(target) not in PUBLIC_FOR_ALL:
                yield f"{path}: {folder_of(path)}/ may not include the public header {target}"


def impure_public_headers(tree):
    """A user of the installed package has the public headers and the standard library, no more."""
    for path in tree.texts:
        for name in tree.includes(path):
            is_public = name.startswith("tugline/") and len(pathlib.PurePosixPath(name).parts) == 2
            if not is_public and not re.fullmatch(r"[a-z_]+", name):
                yield f"{path}: includes {name}, which the installed package does not have"


def missing_headers(tree):
    for path in tree.texts:
        for target in tree.own_includes(path):
            if target not in tree.texts:
                yield f"{path}: includes {target}, which is not there"


def stray_compute_libraries(tree):
    for path in tree.texts:
        for name in tree.includes(path):
            if COMPUTE_LIBRARIES.match(name) and folder_of(path) != COMPUTE_FOLDER:
                yield f"{path}: includes {name}; only {COMPUTE_FOLDER}/ may include a compute library"


def stray_parallel_regions(tree):
    """An exception that leaves a parallel region ends the process: PARALLEL_LOOPS carries it out."""
    for path, text in tree.texts.items():
        if str(path) != PARALLEL_LOOPS and re.search(r"#\s*pragma omp", text):
            yield f"{path}: has a parallel region of its own; use {PARALLEL_LOOPS}"


def ill_formed_headers(tree):
    for path, text in tree.texts.items():
        if path.suffix not in {".h", ".cuh"}:
            continue
        if not text.startswith(("//", "/*")):
            yield f"{path}: does not open with a comment that says what it is for"
        # Highway compiles its *-inl.h once for each instruction set, behind a guard that it toggles.
        if "#pragma once" not in text.splitlines() and not path.name.endswith("-inl.h"):
            yield f"{path}: has no '#pragma once'"


def options_in_messages(tree):
    """The command line, Python and C++ spell a setting in three ways: an Error carries its name (Error::setting)."""
    for path, text in tree.texts.items():
        if folder_of(path) in SEES_ALL:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for literal in STRING_LITERAL.findall(line.split("//")[0]):
                if OPTION.search(literal):
                    yield f"{path}:{number}: the text {literal} names an option of the command line"


def long_files(tree):
    for path, text in tree.texts.items():
        lines = text.count("\n")
        if lines > MOST_LINES:
            yield f"{path}: {lines} lines, over {MOST_LINES}"


def cycles(tree):
    done, trail = set(), []

    def visit(path):
        if path in trail:
            yield "include cycle: " + " -> ".join(map(str, trail[trail.index(path) :] + [path]))
        elif path not in done and path in tree.texts:
            trail.append(path)
            for target in tree.own_includes(path):
                yield from visit(target)
            done.add(trail.pop())

    for path in tree.texts:
        yield from visit(path)


RULES = [wrong_directions, stray_public_includes, missing_headers, stray_compute_libraries, stray_parallel_regions, ill_formed_headers, options_in_messages, long_files, cycles]


class ArchitectureTest(unittest.TestCase):
    maxDiff = None

    def test_sources_are_found(self):
        self.assertGreater(len(Tree(SOURCE).texts), 5)

    def test_every_rule_holds(self):
        tree = Tree(SOURCE)
        for rule in RULES:
            with self.subTest(rule=rule.__name__):
                self.assertEqual(list(rule(tree)), [])

    def test_public_headers_stand_alone(self):
        tree = Tree(PUBLIC)
        self.assertGreater(len(tree.texts), 3)
        for rule in (impure_public_headers, ill_formed_headers, long_files):
            with self.subTest(rule=rule.__name__):
                self.assertEqual(list(rule(tree)), [])


class BrokenTreesTest(unittest.TestCase):
    def found(self, rule, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(rule(Tree(pathlib.Path(folder))))

    def test_wrong_direction(self):
        files = {"core/a.h": '#include "tugline/model/b.h"\n', "model/b.h": '#include "tugline/core/c.h"\n'}
        self.assertEqual(self.found(wrong_directions, files), ["core/a.h: core/ may not include model/b.h"])

    def test_folder_without_rule(self):
        self.assertEqual(len(self.found(wrong_directions, {"misc/a.h": ""})), 1)

    def test_public_header_where_it_may_not_be(self):
        files = {"model/a.h": '#include "tugline/run.h"\n#include "tugline/error.h"\n', "api/b.h": '#include "tugline/run.h"\n'}
        self.assertEqual(self.found(stray_public_includes, files), ["model/a.h: model/ may not include the public header run.h"])

    def test_public_header_that_needs_another_library(self):
        files = {"a.h": "#include <fmt/format.h>\n#include <string>\n", "b.h": '#include "tugline/core/ids.h"\n#include "tugline/a.h"\n'}
        self.assertEqual(len(self.found(impure_public_headers, files)), 2)

    def test_missing_header(self):
        self.assertEqual(len(self.found(missing_headers, {"core/a.h": '#include "tugline/core/gone.h"\n'})), 1)

    def test_compute_library_outside_the_backend(self):
        files = {"backend/a.cpp": "#include <dnnl.hpp>\n", "model/b.cpp": '#include "hwy/highway.h"\n'}
        self.assertEqual(len(self.found(stray_compute_libraries, files)), 1)

    def test_parallel_region(self):
        files = {"core/parallel_for.h": "#pragma omp parallel\n", "stats/a.cpp": "#pragma omp parallel for\n"}
        self.assertEqual(len(self.found(stray_parallel_regions, files)), 1)

    def test_header_without_comment_or_guard(self):
        files = {"core/a.h": "int a();\n", "core/b.h": "// Good.\n#pragma once\n", "core/c.cpp": "int c;\n"}
        self.assertEqual(len(self.found(ill_formed_headers, files)), 2)

    def test_option_in_a_message(self):
        files = {"probe/a.cpp": 'fail("--push: no");  // "--seed"\n', "cli/b.cpp": 'fail("--push");\n', "core/c.cpp": 'say("a--b, push");\n'}
        self.assertEqual(self.found(options_in_messages, files), ['probe/a.cpp:1: the text "--push: no" names an option of the command line'])

    def test_long_file(self):
        self.assertEqual(len(self.found(long_files, {"core/a.cpp": "\n" * 451, "core/b.cpp": "\n" * 450})), 1)

    def test_cycle(self):
        files = {name: f'#include "tugline/core/{other}.h"\n' for name, other in [("core/a.h", "b"), ("core/b.h", "a")]}
        self.assertEqual(self.found(cycles, files), ["include cycle: core/a.h -> core/b.h -> core/a.h"])


if __name__ == "__main__":
    unittest.main()
