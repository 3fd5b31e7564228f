"""Forward a port with the system's own ssh, for as long as the viewer runs.

ssh keeps its configuration, keys, agent and jump hosts; here are only its
command line, the signs that the forward stands, and its end.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

from dcmview.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dcmview.web.status import ServerStatus

LOCAL = "local"
REMOTE = "remote"
MODES = (LOCAL, REMOTE)

OPTIONS = (
    "ExitOnForwardFailure=yes",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    # A forward handed to a shared connection would outlive us.
    "ControlPath=none",
    # The only way to learn that the forward stands; see FORWARD_STANDS.
    "LogLevel=DEBUG1",
)

FORWARD_STANDS = {
    LOCAL: "Local forwarding listening on 127.0.0.1 ",
    REMOTE: "remote forward success for",
}
DEBUG_PREFIX = "debug1: "

END_TIMEOUT_S = 0.5

# ssh must not get our Ctrl+C, which may be answered with "once more to end", and must not outlive
# us. A preexec_fn is unsafe beside threads, so a small Python does both and then becomes ssh.
# Linux sends the signal when the *thread* that started ssh ends: start it from the main thread.
BECOME_SSH = """
import ctypes, os, signal, sys
parent, path = int(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGINT, signal.SIG_IGN)
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
if os.getppid() == parent:
    os.execv(path, sys.argv[2:])
"""


class TunnelPlan(NamedTuple):
    """Which forward to make.

    ``port`` is where the forward leads, ``tunnel_port`` its entrance: on this
    computer in local mode, on ``host`` in remote mode.
    """

    host: str
    tunnel_port: int
    port: int
    mode: str = LOCAL
    target: str = "127.0.0.1"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments of ssh as a person would type them."""
        flag = "-L" if self.mode == LOCAL else "-R"
        forward = f"{self.tunnel_port}:{self.target}:{self.port}"
        return ("-N", flag, forward, "--", self.host)

    @property
    def command(self) -> str:
        """The command to type by hand."""
        return shlex.join(("ssh", *self.arguments))


def plan_tunnel(
    host: str | None, tunnel_port: int, mode: str, *, port: int, target: str = "127.0.0.1"
) -> TunnelPlan:
    """Check what was asked for, before anything is started.

    Parameters
    ----------
    host : str or None
        SSH destination.
    tunnel_port : int
        0 stands for ``port``.
    mode : {"local", "remote"}
        Where the entrance is.
    port : int
        The port on which the viewer listens.
    target : str
        Address of the viewer in remote mode, as seen from here.

    Raises
    ------
    UsageError
        If the host is missing or could be taken for an option, or if the
        entrance would be the port on which the viewer listens itself.
    """
    if not host:
        raise UsageError("--tunnel needs --tunnel-host")
    if host.startswith("-") or not host.isprintable() or " " in host:
        raise UsageError(f"not a host name for ssh: {host!r}")
    if mode not in MODES:
        raise UsageError(f"--tunnel-mode must be local or remote, not {mode!r}")
    tunnel_port = tunnel_port or port
    if mode == LOCAL:
        if tunnel_port == port:
            raise UsageError(
                f"the tunnel cannot begin at port {port}, where the viewer itself listens; "
                "choose another --tunnel-port, or --tunnel-mode remote to begin it on "
                f"{host}"
            )
        target = "127.0.0.1"
    return TunnelPlan(host, tunnel_port, port, mode, f"[{target}]" if ":" in target else target)


class Tunnel:
    """One running ssh.

    Parameters
    ----------
    plan : TunnelPlan
        What to forward.
    status : ServerStatus
        Learns whether the forward stands, and why not.
    tell, warn : callable
        Write one line for the user.
    """

    def __init__(
        self,
        plan: TunnelPlan,
        status: ServerStatus,
        *,
        tell: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._status = status
        self._tell = tell
        self._warn = warn
        self._process: subprocess.Popen[str] | None = None
        self._follower: threading.Thread | None = None
        self._stopping = False

    def start(self, *, can_ask: bool) -> None:
        """Start ssh; call it from the main thread.

        ``can_ask`` says whether a person sits at the terminal: then ssh may
        ask for a password or a host key there. Otherwise it fails instead of
        waiting for an answer that never comes. A failure is a warning, the
        viewer goes on without a tunnel.
        """
        ssh = shutil.which("ssh")
        if ssh is None:
            self._report_failure("there is no ssh on this computer")
            return
        # ssh would be content with ::1 and leave the address that people open to somebody else.
        if self._plan.mode == LOCAL and not _is_free(self._plan.tunnel_port):
            self._report_failure(f"port {self._plan.tunnel_port} of this computer is taken")
            return
        options = OPTIONS if can_ask else (*OPTIONS, "BatchMode=yes")
        command = [ssh, *(word for option in options for word in ("-o", option))]
        command += self._plan.arguments
        if os.name == "posix":
            command = [sys.executable, "-I", "-S", "-c", BECOME_SSH, str(os.getpid()), *command]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="backslashreplace",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as exc:
            self._report_failure(str(exc.strerror))
            return
        self._follower = threading.Thread(
            target=self._follow, args=(self._process,), name="dcmview-tunnel", daemon=True
        )
        self._follower.start()

    def stop(self) -> None:
        """End ssh and wait until it has gone."""
        self._stopping = True
        if self._process is None or self._follower is None:
            return
        self._process.terminate()
        self._follower.join(END_TIMEOUT_S)
        if self._follower.is_alive():
            self._process.kill()
            self._follower.join(END_TIMEOUT_S)

    def _follow(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr:
            last_words = self._read_log(process.stderr)
        process.wait()
        self._status.tunnelled = False
        self._status.tunnel_host = None
        if not self._stopping:
            self._report_failure(last_words or f"ssh ended with code {process.returncode}")

    def _read_log(self, lines: Iterable[str]) -> str:
        """Follow what ssh says until it ends; give the last line meant for people."""
        last_words = ""
        for line in lines:
            text = line.strip()
            if text.startswith(DEBUG_PREFIX):
                if FORWARD_STANDS[self._plan.mode] in text and not self._status.tunnelled:
                    self._status.tunnel_host = self._plan.host
                    self._status.tunnelled = True
                    self._tell(f"tunnel stands: {self._entrance()}")
            elif text and not text.startswith(("OpenSSH_", "Authenticated to ")):
                last_words = text
        return last_words

    def _entrance(self) -> str:
        plan = self._plan
        if plan.mode == LOCAL:
            return f"http://127.0.0.1:{plan.tunnel_port} leads to port {plan.port} on {plan.host}"
        return f"http://127.0.0.1:{plan.tunnel_port} on {plan.host} leads here"

    def _report_failure(self, reason: str) -> None:
        message = f"no tunnel to {self._plan.host}: {reason}; by hand: {self._plan.command}"
        self._status.warnings.append(message)
        self._warn(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
