"""A Slurm cluster on this machine, for tests: munged, slurmctld, and several slurmd that are told apart by name and port.

Needs root, because slurmd does. Uses no cgroups and no services of the system, so it runs in a container.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")

CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A task that is queued again starts when the credentials of its last start have expired, in 5 s and not in 120.
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
# A dead node is noticed within seconds, and its tasks start elsewhere at once. A busy machine's node has time to answer.
SlurmdTimeout=8
KillWait=3
ReturnToService=2
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=bf_interval=1,sched_interval=2
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=1 State=UNKNOWN
PartitionName=usual Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""


def missing():
    """Why there can be no cluster here; empty if there can."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return "" if os.geteuid() == 0 else "slurmd needs root"


def wait_for(what, condition, seconds):
    """What `condition` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {seconds} s")


class LoopbackSlurm:
    """A context: the cluster runs inside of it. `environment` is what its commands need."""

    def __init__(self, folder, nodes):
        self.folder = pathlib.Path(folder)
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.daemons = {}  # by name: the process

    def __enter__(self):
        (self.folder / "state").mkdir(parents=True)
        # munged refuses files that others could write.
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        with free_ports(len(self.nodes) + 1) as ports:
            text = CONFIGURATION.format(
                folder=self.folder, host=socket.gethostname().split(".")[0], nodes=len(self.nodes),
                port=ports[0], first=ports[1], last=ports[-1])
        (self.folder / "slurm.conf").write_text(text, encoding="utf-8")
        # Nothing above uses control groups. But slurmd looks for their kind, and ends if it finds none, unless this file names one.
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n", encoding="utf-8")
        try:
            self.start("munged", "munged", "--foreground", "--force", *[f"--{kind}-file={self.folder}/munge.{kind}" for kind in ("key", "pid", "log", "seed")],
                       f"--socket={self.folder}/munge.socket")
            wait_for("munge.socket", (self.folder / "munge.socket").exists, 20)
            self.start("slurmctld", "slurmctld", "-D")
            for node in self.nodes:
                (self.folder / f"spool-{node}").mkdir()
                self.start(node, "slurmd", "-D", "-N", node)
            wait_for("idle nodes", lambda: self.command("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).strip() == str(len(self.nodes)), 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            self.end(self.processes_on(node))
        for daemon in reversed(list(self.daemons.values())):
            daemon.kill()
            daemon.wait()

    def start(self, name, *command):
        with open(self.folder / f"{name}.out", "wb") as out:
            self.daemons[name] = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def command(self, *command, check=True, **options):
        outcome = subprocess.run(command, env=self.environment, text=True, capture_output=True, check=False, **options)
        if check and outcome.returncode != 0:
            raise RuntimeError(f"{command} ended with status {outcome.returncode}: {outcome.stderr}{outcome.stdout}")
        return outcome.stdout

    def processes_on(self, node):
        """The processes of steps on a node, and the daemons of these steps: those of this cluster only."""
        found = []
        mine = f"SLURM_CONF={self.folder}/slurm.conf".encode()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                variables = (folder / "environ").read_bytes().split(b"\0")
                is_of_node = f"SLURMD_NODENAME={node}".encode() in variables
                is_step_daemon = b"slurmstepd" in (folder / "comm").read_bytes() and self.is_child(folder, node)
                if mine in variables and (is_of_node or is_step_daemon):
                    found.append(int(folder.name))
        return found

    def is_child(self, process, node):
        """A step's daemon is a child of its node's slurmd, or has outlived it and is known by the log that it writes."""
        log = str(self.folder / f"slurmd-{node}.log")
        return any(os.readlink(file) == log for file in (process / "fd").iterdir())

    @staticmethod
    def end(processes):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_node(self, node):
        """As if the node lost power: the daemon, the steps' daemons and their programs end at once."""
        self.daemons[node].kill()
        self.daemons[node].wait()
        wait_for(f"the end of the processes on {node}", lambda: not self.kill_processes(node), 10)

    def kill_processes(self, node):
        processes = self.processes_on(node)
        self.end(processes)
        return processes

    def state_of(self, job):
        """"RUNNING", "COMPLETED", ...; of an array's task if the job is ARRAY_TASK."""
        text = self.command("scontrol", "show", "job", str(job), check=False)
        return next((word.removeprefix("JobState=") for word in text.split() if word.startswith("JobState=")), "")

    def value_of(self, job, name):
        text = self.command("scontrol", "show", "job", str(job))
        return next(word.removeprefix(f"{name}=") for word in text.split() if word.startswith(f"{name}="))


@contextlib.contextmanager
def free_ports(count):
    """Ports next to each other that nobody listens on."""
    for first in range(21000 + os.getpid() % 5000, 60000, count):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            ports = list(range(first, first + count))
            stack.close()
            yield ports
            return
    raise OSError("there are no free ports")
