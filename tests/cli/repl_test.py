"""Sessions of `tugline repl`: with lines from a pipe, and with a person at a terminal, which this test plays."""

import json
import os
import pathlib
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402

TUGLINE = os.environ.get("TUGLINE_BINARY", "")
MODEL = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "tiny_model"
DATA = json.dumps(
    [
        {
            "prompt": "p",
            "model_input_prompt": "Add. <think>",
            "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
            "thought_anchor_idx": 1,
            "thought_anchor_sentence": "So the total is 12.",
        }
    ]
)


class SessionTest(unittest.TestCase):
    def setUp(self):
        if not TUGLINE:
            self.skipTest("TUGLINE_BINARY does not name the built tugline (ctest sets it)")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "data.json").write_text(DATA)
        (self.folder / "a text.txt").write_text("So the total is 12. So.")
        self.env = {**os.environ, "HOME": str(self.folder), "OMP_NUM_THREADS": "1", "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self.env.pop("XDG_STATE_HOME", None)
        self.history = self.folder / ".local" / "state" / "tugline" / "history"


class PipeTest(SessionTest):
    def session(self, lines, *options):
        return subprocess.run(
            [TUGLINE, "repl", str(MODEL), *options], input=lines, capture_output=True, text=True, cwd=self.folder, env=self.env, timeout=120
        )

    def alone(self, *options):
        done = subprocess.run([TUGLINE, "tug", str(MODEL), *options], capture_output=True, text=True, cwd=self.folder, env=self.env, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def without_times(self, text):
        return [re.sub(r'"seconds":[^,}]*', "", line) for line in text.splitlines()]

    def test_lines_are_tugs(self):
        pushes = ["--epsilons", "0,1", "--directions", "2", "--json"]
        done = self.session(
            "# a comment\n"
            "\n"
            "set --text-file 'a text.txt' --epsilons 0,1 --directions 2 --json\n"
            "--sentence ' is 12.' --layers 1\n"
            "tug --span 2:4 --push rotation   # the same text\n"
            "--every-sentence --layers 0,1\n"
            "--data data.json\n"
            'set --sentence "So the total"\n'
            "--layers 0\n"
            "--ids 1,2,3,4 --bos never --span 2:4\n"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = (
            self.alone("--text-file", "a text.txt", "--sentence", " is 12.", "--layers", "1", *pushes)
            + self.alone("--text-file", "a text.txt", "--span", "2:4", "--push", "rotation", *pushes)
            + self.alone("--text-file", "a text.txt", "--every-sentence", "--layers", "0,1", *pushes)
            + self.alone("--data", "data.json", *pushes)
            + self.alone("--text-file", "a text.txt", "--sentence", "So the total", "--layers", "0", *pushes)
            + self.alone("--ids", "1,2,3,4", "--bos", "never", "--span", "2:4", *pushes)
        )
        self.assertEqual(self.without_times(done.stdout), self.without_times(expected))
        self.assertEqual(done.stderr.count("loaded in"), 1)
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        self.assertFalse(self.history.exists())

    def test_settings_are_kept_shown_and_forgotten(self):
        done = self.session("set --layers 0 --sentence 'it'\\''s so'\nset --span 1:2\nset\nunset --layers\nset\nunset\nset\nquit\nnonsense\n")
        self.assertEqual((done.returncode, done.stdout), (0, "--layers 0\n--span 1:2\n--span 1:2\n"), done.stderr)

    def test_a_quotation_goes_on_on_the_next_line(self):
        done = self.session("--text 'So the total\nis 12.' \\\n--span 2:4 --epsilons 1 --json\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_lines_that_fail_do_not_end_the_session(self):
        good = "--text 'So the total is 12.' --span 2:4 --epsilons 1 --json\n"
        done = self.session(
            good + "--text x --hok z\nstop\n" + good + "--text 'x' --span 0:1\n--text-file - --span 1:2\n--threads 2\nset --layers\n"
            "unset --layers\n--text 'So it is.' --span 1:2 --hook resid_pst\n"
        )
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        for part in (
            "line 2: line: there is no option '--hok'; did you mean --hook?",
            "line 3: there is no 'stop'",
            "line 5: ",
            "line 6: -: standard input has the session's lines",
            "line 7: line: there is no option '--threads'",
            "line 8: ",
            "line 9: unset: '--layers' is not kept",
            "line 10: line: --hook: 'resid_pst' is not one of",
            "8 lines of the session failed; the first is line 2",
        ):
            self.assertIn(part, done.stderr)

    def test_the_status_is_that_of_the_first_failure(self):
        done = self.session("--text 'This is it.' --bos never --every-sentence\n--nonsense\n")
        self.assertEqual(done.returncode, 3, done.stderr)
        done = self.session("--text 'an open quotation\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 1: the input ends within a quotation", done.stderr)

    def test_bad_calls(self):
        for options, words in ((("--history", "x", "--no-history"), "--no-history"), (("--text", "x"), "no option '--text'")):
            done = self.session("", *options)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)


class Terminal:
    """The program at the other end of a pseudo-terminal."""

    def __init__(self, arguments, env, folder):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(arguments[0], arguments, env)
        self.shown = ""
        self.status = None

    def read_until(self, part, seconds=60):
        """Reads until the part is shown, and gives what was shown up to it."""
        end = time.monotonic() + seconds
        while part not in self.shown:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.file], [], [], left)[0]:
                raise AssertionError(f"{part!r} was not shown, but: {self.shown!r}")
            try:
                piece = os.read(self.file, 4096)
            except OSError:
                piece = b""
            if not piece:
                raise AssertionError(f"the program ended before {part!r}: {self.shown!r}")
            self.shown += piece.decode("utf-8", errors="replace")
        before, _, self.shown = self.shown.partition(part)
        return before

    def type(self, keys):
        os.write(self.file, keys.encode())

    def wait(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if select.select([self.file], [], [], 0.05)[0]:
                    self.shown += os.read(self.file, 4096).decode("utf-8", errors="replace")
            except OSError:
                pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        raise AssertionError("the program did not end")

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.file)


PROMPT = "tugline> "


@unittest.skipUnless(check_skips.has_terminals(), "there are no pseudo-terminals (is /dev/pts mounted?)")
class TerminalTest(SessionTest):
    def terminal(self, *options, env=None):
        terminal = Terminal([TUGLINE, "repl", str(MODEL), *options], {**self.env, **(env or {})}, self.folder)
        self.addCleanup(terminal.close)
        terminal.read_until(PROMPT)
        return terminal

    def end(self, terminal):
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)

    def test_a_session(self):
        terminal = self.terminal(env={"NO_COLOR": "1"})
        terminal.type("set --text 'So the total is 12.' --epsilons 1 --directions 2\r")
        terminal.read_until(PROMPT)
        terminal.type("--span 2:4 --hok z\r")
        self.assertIn("did you mean --hook?", terminal.read_until(PROMPT))
        terminal.type("--span 2:4\r")
        self.assertIn("layer 3: rms", terminal.read_until(PROMPT))
        terminal.type("\x1b[A")  # the line before, again
        terminal.read_until("--span 2:4")
        terminal.type(" --layers 1\r")
        self.assertIn("layer 1: rms", terminal.read_until(PROMPT))
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(stat.S_IMODE(self.history.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.history.parent.stat().st_mode), 0o700)
        self.assertEqual(
            self.history.read_text().splitlines(),
            ["set --text 'So the total is 12.' --epsilons 1 --directions 2", "--span 2:4 --hok z", "--span 2:4", "--span 2:4 --layers 1"],
        )
        # A later session has the lines; what begins with a space is not kept.
        terminal = self.terminal()
        terminal.type("\x1b[A")
        terminal.read_until("--layers 1")
        terminal.type("\x15 set --layers 2\r")
        terminal.read_until(PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(self.history.read_text().splitlines()), 4)

    def test_ctrl_c_gives_up_a_line(self):
        # At the prompt, Ctrl-C is a character to be edited, however late the terminal's modes are set.
        slow = {"LD_PRELOAD": os.environ["TUGLINE_SLOW_TERMINAL"], "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        for env in ({}, slow):
            terminal = self.terminal("--no-history", env=env)
            terminal.type("--text 'an open\r")
            terminal.read_until("...> ")
            terminal.type("quotation\x03")
            terminal.read_until("^C")
            terminal.read_until(PROMPT)
            terminal.type("--nonsense\x03")
            terminal.read_until("^C")
            terminal.read_until(PROMPT)
            terminal.type("set\r")
            self.assertNotIn("nonsense", terminal.read_until(PROMPT))
            terminal.type("exit\r")
            self.assertEqual(terminal.wait(), 0)
            self.assertFalse(self.history.exists())

    def test_ctrl_c_stops_a_computation(self):
        terminal = self.terminal("--no-history")
        terminal.type("--text 'So the total is 12. So it is.' --every-sentence --directions 20000 --epsilons 0:10:101 --json > x\r")
        terminal.read_until(PROMPT)  # '>' is no option
        terminal.type("--text 'So the total is 12. So it is.' --every-sentence --directions 20000 --epsilons 0:10:101 --json\r")
        terminal.read_until(" pushes (", 300)
        terminal.type("\x03\x03")  # impatience does no harm
        terminal.read_until("interrupted")
        terminal.read_until(PROMPT)
        terminal.type("--text 'So the total is 12.' --span 2:4 --epsilons 1\r")
        terminal.read_until("layer 3: rms")
        terminal.read_until(PROMPT)
        terminal.type("quit\r")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_d_may_be_typed_ahead(self):
        terminal = self.terminal("--no-history")
        terminal.type("--text 'So the total is 12.' --span 2:4 --epsilons 1 --directions 2000\r")
        terminal.read_until("2000\r\n")  # the terminal is not set up for editing now
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("layer 3: rms", terminal.shown)

    def test_tab_completes(self):
        terminal = self.terminal("--no-history")
        terminal.type("se\t--hoo\tresid_m\t--text-file a\t--direction-fa\tprin\t\r")
        terminal.read_until(PROMPT)
        terminal.type("set\r")
        shown = terminal.read_until("principal\r\n" + PROMPT)
        self.assertIn("--hook resid_mid\r\n--text-file 'a text.txt'\r\n--direction-family ", shown)
        terminal.type("--at \t")
        listed = terminal.read_until("every")
        for name in ("before", "first", "last"):
            self.assertIn(name, listed)
        terminal.type("\x03")
        self.end(terminal)

    def test_a_signal_leaves_the_terminal_as_it_was(self):
        terminal = self.terminal("--no-history")
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.wait(), -signal.SIGTERM)
        flags = termios.tcgetattr(terminal.file)[3]
        self.assertTrue(flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG)

    def test_a_history_that_cannot_be_kept(self):
        for history in ("/dev/null/history", "/proc/self/mem"):
            with self.subTest(history):
                done = Terminal([TUGLINE, "repl", str(MODEL), "--history", history], self.env, self.folder)
                self.addCleanup(done.close)
                self.assertEqual(done.wait(), 2)
                self.assertIn("--no-history keeps none", done.shown)

    def test_another_folder_of_state(self):
        terminal = self.terminal(env={"XDG_STATE_HOME": str(self.folder / "state")})
        terminal.type("set\r")
        terminal.read_until(PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual((self.folder / "state" / "tugline" / "history").read_text(), "set\n")


if __name__ == "__main__":
    check_skips.run_unittests()
