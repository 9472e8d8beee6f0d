"""Help, completion and manual pages of the built program: they are made from one source, so each names every option.

The scripts are run by the shells themselves: bash always, zsh and fish if they are installed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402

TUGLINE = os.environ.get("TUGLINE_BINARY", "")
SHELLS = ("bash", "zsh", "fish")


def run(*arguments, env=None, **options):
    return subprocess.run(
        arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=120, **options
    )


def script_works():
    return shutil.which("script") is not None and run("script", "-qec", "true", "/dev/null").returncode == 0


def tugline(*arguments, env=None):
    done = run(TUGLINE, *arguments, env=env)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def commands():
    """As the help lists them."""
    return re.findall(r"^  ([a-z]+) {2,}", tugline("help").split("\n\n", 2)[2], re.MULTILINE)


def options_of(command):
    """The long options that a command's help lists."""
    text = tugline(command, "--help").split("\nExamples:\n")[0]
    return re.findall(r"^  (?:-\w,)?(--[a-z-]+)", text, re.MULTILINE)


def words_after(*words):
    """What the program offers: ({candidate: description}, whether files fit)."""
    lines = tugline("completion", "--words", *words).splitlines()
    offered = dict(line.split("\t", 1) for line in lines if not line.startswith(":files"))
    return offered, any(line.startswith(":files") for line in lines)


@unittest.skipUnless(TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class HelpTest(unittest.TestCase):
    def test_commands_are_grouped(self):
        text = tugline("help")
        for heading in ("Measure:", "Read what was measured:", "Models and texts:", "The command line:"):
            self.assertIn(f"\n{heading}\n", text)
        self.assertIn("sweep", commands())
        self.assertIn("repl", commands())

    def test_help_fits_the_terminal(self):
        if not script_works():
            self.skipTest("script(1) gives no program a terminal: it is missing, or /dev/pts is not mounted")
        for columns in (40, 60, 80):
            for command in commands():
                text = run("script", "-qec", f"stty cols {columns}; '{TUGLINE}' {command} --help", "/dev/null").stdout
                for line in text.replace("\r", "").splitlines():
                    words = line.split()
                    # A word or an example that is longer than the terminal stays whole.
                    long = line.startswith(("Usage:", "  tugline ", "    -", "  source", "  --", "  set", "  OMP", "  mpirun")) or max(map(len, words or [""])) > columns - 10
                    self.assertTrue(len(line) <= columns or long, (command, columns, line))

    def test_no_escape_codes(self):
        for command in commands():
            self.assertNotIn("\x1b", tugline(command, "--help"))
            self.assertNotIn("\x1b", tugline("man", command))

    def test_mistyped_values_are_answered_with_the_nearest(self):
        for arguments, meant in (
            (("sweep", "m", "d", "-o", "r.db", "--hook", "resid_pst"), "did you mean resid_post?"),
            (("sweep", "m", "d", "-o", "r.db", "--preset", "notebok"), "did you mean notebook?"),
            (("tug", "m", "--direction-family", "isotropc"), "did you mean isotropic?"),
            (("tug", "m", "--push", "rotaton"), "did you mean rotation?"),
            (("plot", "r.db", "-o", "f.svg", "--kind", "curve"), "did you mean curves?"),
            (("export", "r.db", "--table", "respones"), "did you mean responses?"),
            (("completion", "bsh"), "did you mean bash?"),
            (("man", "swep"), "did you mean sweep?"),
        ):
            done = run(TUGLINE, *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(meant, done.stderr)
            self.assertEqual(done.stdout, "")


@unittest.skipUnless(TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class ManualTest(unittest.TestCase):
    def pages(self):
        return {"": tugline("man"), **{command: tugline("man", command) for command in commands()}}

    def test_each_option_is_in_its_page(self):
        for command, page in self.pages().items():
            if command:
                plain = page.replace("\\-", "-")
                for option in options_of(command):
                    self.assertRegex(plain, rf"(?m)^\\fB(?:-\w,)?{option}\\fR", command)
            else:
                for name in commands():
                    self.assertIn(f".BR tugline\\-{name} (1)", page)

    def test_formatters_have_no_complaints(self):
        checked = 0
        for command, page in self.pages().items():
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "page.1"
                file.write_text(page)
                if shutil.which("man"):
                    done = run("man", "--warnings", "-l", str(file), env={"MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
                    self.assertEqual((done.returncode, done.stderr), (0, ""), command)
                    self.assertIn("NAME", done.stdout)
                    checked += 1
                if shutil.which("groff"):
                    done = run("groff", "-man", "-Tutf8", "-wall", "-z", str(file))
                    self.assertEqual((done.returncode, done.stderr), (0, ""), command)
                    checked += 1
                if shutil.which("mandoc"):
                    done = run("mandoc", "-T", "lint", "-W", "error", str(file))
                    self.assertEqual(done.stdout, "", command)
                    checked += 1
        if not checked:
            self.skipTest("there is none of man, groff and mandoc")


@unittest.skipUnless(TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class WordsTest(unittest.TestCase):
    def test_commands_and_their_options(self):
        offered, files = words_after("")
        self.assertEqual(set(offered), {*commands(), "help"})
        self.assertFalse(files)
        self.assertEqual(set(words_after("sw")[0]), {"sweep"})
        self.assertEqual(set(words_after("help", "su")[0]), {"summary"})
        self.assertIn("--version", words_after("--")[0])
        for command in commands():
            offered, _ = words_after(command, "--")
            self.assertEqual(set(offered), set(options_of(command)), command)
            self.assertTrue(all(offered.values()), command)

    def test_values(self):
        hooks = {"resid_pre", "resid_mid", "resid_post"}
        self.assertEqual(set(words_after("sweep", "m", "d", "--hook", "resid")[0]), hooks)
        self.assertEqual(set(words_after("sweep", "--hook=resid")[0]), {f"--hook={hook}" for hook in hooks})
        self.assertEqual(set(words_after("vectors", "--kinds", "chunk,ex")[0]), {"chunk,example"})
        self.assertEqual(set(words_after("completion", "")[0]), set(SHELLS))
        for words in (("sweep", ""), ("sweep", "m", "--config", ""), ("plot", "a.db", "b"), ("tug", "m", "--text-file", "x")):
            self.assertEqual(words_after(*words), ({}, True), words)
        self.assertEqual(words_after("tug", "m", "--seed", ""), ({}, False))
        self.assertEqual(words_after("nonsense", "x"), ({}, False))

    def test_options_that_cannot_be_given_any_more(self):
        self.assertNotIn("--hook", words_after("sweep", "--hook", "z", "--")[0])
        self.assertNotIn("--directions", words_after("sweep", "--direction-file", "v.npy", "--")[0])
        self.assertIn("--field", words_after("sweep", "--field", "a=b", "--")[0])
        self.assertEqual(words_after("summary", "--", "--"), ({}, True))


class ScriptTest(unittest.TestCase):
    def setUp(self):
        if not TUGLINE:
            self.skipTest("TUGLINE_BINARY does not name the built tugline (ctest sets it)")
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        path = pathlib.Path(self.folder.name)
        (path / "tugline").symlink_to(TUGLINE)
        (path / "work").mkdir()
        (path / "work" / "run one.db").write_text("")
        (path / "work" / "runs").mkdir()
        self.work = path / "work"
        self.env = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(path), "LC_ALL": "C.UTF-8"}

    def bash(self, line):
        """What bash has in COMPREPLY after Tab at the end of the line, cut into words as bash does."""
        script = """
source <(tugline completion bash)
compopt() { options+=" $*"; }
COMP_LINE=$1; COMP_POINT=${#1}; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_tugline
printf '%s\\n' "${COMPREPLY[@]}"
"""
        words = [word for word in re.split(r"(?:\s+|([=:]))", line) if word]
        if line.endswith(" "):
            words.append("")
        done = run("bash", "-c", script, "bash", line, *words, cwd=self.work, env=self.env)
        self.assertEqual((done.returncode, done.stderr), (0, ""), line)
        return set(done.stdout.splitlines())

    def test_bash_completes(self):
        self.assertEqual(self.bash("tugline su"), {"summary"})
        self.assertEqual(self.bash("tugline sweep --hook resid_"), {"resid_pre", "resid_mid", "resid_post"})
        self.assertEqual(self.bash("tugline sweep --hook=resid_m"), {"resid_mid"})
        self.assertEqual(self.bash("tugline sweep --hook="), {"resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out", "z"})
        self.assertEqual(self.bash("tugline summary ru"), {"run one.db", "runs"})
        self.assertEqual(self.bash("tugline export run.db --output=ru"), {"run one.db", "runs"})
        for command in commands():
            self.assertEqual(self.bash(f"tugline {command} --"), set(options_of(command)), command)

    def test_bash_completes_at_a_prompt(self):
        """A real Tab in an interactive bash."""
        if not script_works():
            self.skipTest("script(1) gives no program a terminal: it is missing, or /dev/pts is not mounted")
        done = subprocess.run(
            ["script", "-qec", "bash --norc --noprofile -i", "/dev/null"],
            input="source <(tugline completion bash)\ntugline doct\t--he\t| head -1\nexit\n",
            capture_output=True,
            text=True,
            cwd=self.work,
            env={**os.environ, **self.env, "TERM": "dumb", "PS1": "$ "},
            timeout=60,
        )
        self.assertIn("Show what this machine offers", done.stdout)

    def read_by_its_shell(self, shell, check):
        """The completion script, after the shell has looked at its syntax."""
        if shutil.which(shell) is None:
            self.skipTest(f"there is no {shell}")
        script = self.work / f"tugline.{shell}"
        script.write_text(tugline("completion", shell))
        done = run(shell, check, str(script), env=self.env)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return script

    def test_zsh(self):
        script = self.read_by_its_shell("zsh", "-n")
        # The functions of zsh's own completion are replaced by ones that print what they are given.
        probe = f"""
compdef() {{ :; }}
compset() {{ print -r -- "compset $*"; }}
_files() {{ print files; }}
_describe() {{ local -a given; given=("${{(@P)argv[-1]}}"); print -rl -- $given; }}
source {script}
words=(tugline "$@"); CURRENT=$#words
_tugline
"""
        offered = run("zsh", "-f", "-c", probe, "zsh", "sweep", "--hook", "resid_", env=self.env).stdout
        self.assertEqual({line.split(":")[0] for line in offered.splitlines()}, {"resid_pre", "resid_mid", "resid_post"})
        self.assertIn("files\n", run("zsh", "-f", "-c", probe, "zsh", "summary", "", env=self.env).stdout)
        self.assertIn("compset -P --output=\nfiles\n", run("zsh", "-f", "-c", probe, "zsh", "export", "--output=x", env=self.env).stdout)
        for command in commands():
            offered = run("zsh", "-f", "-c", probe, "zsh", command, "--", env=self.env).stdout
            self.assertEqual({line.split(":")[0] for line in offered.splitlines()}, set(options_of(command)))

    def test_fish(self):
        script = self.read_by_its_shell("fish", "--no-execute")

        def complete(line):
            done = run("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'", cwd=self.work, env=self.env)
            self.assertEqual((done.returncode, done.stderr), (0, ""), line)
            return {line.split("\t")[0] for line in done.stdout.splitlines()}

        self.assertEqual(complete("tugline su"), {"summary"})
        self.assertEqual(complete("tugline sweep --hook resid_"), {"resid_pre", "resid_mid", "resid_post"})
        self.assertEqual(complete("tugline sweep --hook=resid_m"), {"--hook=resid_mid"})
        self.assertEqual(complete("tugline summary run"), {"run one.db", "runs/"})
        for command in commands():
            self.assertEqual(complete(f"tugline {command} --"), set(options_of(command)), command)


if __name__ == "__main__":
    check_skips.run_unittests()
