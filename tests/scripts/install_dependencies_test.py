"""The dependency installer with made-up dpkg-query, apt-get, id and sudo: nothing on this machine is touched."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "install_dependencies.sh"
DEBIAN_12 = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'

# Each made-up command writes its name and arguments to $CALLS.
COMMANDS = {
    "dpkg-query": 'for last; do :; done\ncase " $ABSENT " in *" $last "*) exit 1 ;; esac\necho installed',
    "apt-get": 'echo "apt-get DEBIAN_FRONTEND=$DEBIAN_FRONTEND $*" >>"$CALLS"\n'
    'case " $* " in *" $APT_FAILS "*) exit 100 ;; esac',
    "id": "echo $MADE_UP_UID",
    "sudo": 'echo "sudo $1" >>"$CALLS"\n[[ $1 != -n ]] || shift\n[[ $SUDO_WORKS == yes ]] || exit 1\n"$@"',
}


class InstallTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        for name, body in COMMANDS.items():
            command = self.folder / name
            command.write_text(f"#!/bin/bash\n{body}\n")
            command.chmod(0o755)
        self.release = self.folder / "os-release"
        self.release.write_text(DEBIAN_12)

    def run_installer(self, *arguments, absent="", uid="0", sudo="yes", apt_fails="nothing"):
        """Exit status, stderr, and the calls that were made."""
        calls = self.folder / "calls"
        calls.write_text("")
        made_up = {"ABSENT": absent, "MADE_UP_UID": uid, "SUDO_WORKS": sudo, "APT_FAILS": apt_fails, "CALLS": str(calls)}
        paths = {"PATH": f"{self.folder}:{os.environ['PATH']}", "TUGLINE_OS_RELEASE": str(self.release)}
        done = subprocess.run(
            [SCRIPT, *arguments],
            env={**os.environ, **made_up, **paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr, calls.read_text().splitlines()

    def test_nothing_missing_calls_nothing(self):
        self.assertEqual(self.run_installer("--tests", uid="1000"), (0, "", []))

    def test_installs_only_what_is_missing(self):
        status, _, calls = self.run_installer(absent="libhwy-dev libonig-dev")
        self.assertEqual(status, 0)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].endswith(" update"), calls[0])
        self.assertTrue(calls[1].endswith(" install --no-install-recommends libhwy-dev libonig-dev"), calls[1])
        for call in calls:
            self.assertIn("DEBIAN_FRONTEND=noninteractive", call)
            self.assertIn("DPkg::Lock::Timeout=300", call)

    def test_test_libraries_only_when_asked_for(self):
        self.assertEqual(self.run_installer(absent="libgtest-dev")[2], [])
        self.assertIn("libgtest-dev", self.run_installer("--tests", absent="libgtest-dev")[2][-1])

    def test_a_browser_comes_with_the_tests_of_debian_only(self):
        self.assertEqual(self.run_installer(absent="chromium")[2], [])
        self.assertTrue(self.run_installer("--tests", absent="chromium")[2][-1].endswith(" chromium"))
        self.release.write_text('ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04 LTS"\n')
        self.assertEqual(self.run_installer("--tests", absent="chromium")[2], [])

    def test_a_browser_that_cannot_be_installed_does_not_stop_it(self):
        status, err, _ = self.run_installer("--tests", absent="chromium", apt_fails="install")
        self.assertEqual(status, 0)
        self.assertIn("the test of report pages will skip", err)

    def test_lists_that_cannot_be_renewed_do_not_stop_it(self):
        status, err, calls = self.run_installer(absent="cmake", apt_fails="update")
        self.assertEqual((status, len(calls)), (0, 2))
        self.assertIn("could not be renewed", err)

    def test_failed_installation_names_the_packages(self):
        status, err, _ = self.run_installer(absent="cmake", apt_fails="install")
        self.assertEqual(status, 2)
        self.assertIn("could not install: cmake", err)

    def test_goes_through_sudo_without_asking(self):
        status, _, calls = self.run_installer(absent="cmake", uid="1000")
        self.assertEqual(status, 0)
        self.assertEqual([calls[0], calls[2]], ["sudo -n", "sudo -n"])

    def test_sudo_that_wants_a_password(self):
        status, err, calls = self.run_installer(absent="cmake", uid="1000", sudo="no")
        self.assertEqual(status, 2)
        self.assertIn("Wanted: cmake", err)
        self.assertFalse([call for call in calls if call.startswith("apt-get")])

    def refused(self, release):
        self.release.write_text(release)
        status, err, calls = self.run_installer(absent="cmake")
        self.assertEqual((status, calls), (2, []))
        return err

    def test_other_systems_are_told_the_libraries(self):
        err = self.refused('ID=fedora\nVERSION_ID=40\nPRETTY_NAME="Fedora Linux 40"\n')
        self.assertIn("this is Fedora Linux 40", err)
        for library in ("oneDNN", "Highway", "Oniguruma", "DEPENDENCIES=no"):
            self.assertIn(library, err)

    def test_too_old_a_system(self):
        self.assertIn("Ubuntu 22.04", self.refused('ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n'))

    def test_newer_systems_are_served(self):
        self.release.write_text('ID=ubuntu\nVERSION_ID="24.10"\nPRETTY_NAME="Ubuntu 24.10"\n')
        self.assertEqual(self.run_installer(absent="cmake")[0], 0)

    def test_unknown_option(self):
        status, err, _ = self.run_installer("--test")
        self.assertEqual(status, 2)
        self.assertIn("unknown option '--test'", err)


if __name__ == "__main__":
    unittest.main()
