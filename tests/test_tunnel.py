"""SSH forwards: the command line, and the real thing against an sshd on loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from pydicom.data import get_testdata_file
from support.server import ServerProcess

from dcmview.errors import UsageError
from dcmview.tunnel import Tunnel, plan_tunnel
from dcmview.web.status import ServerStatus

CT = get_testdata_file("CT_small.dcm", download=False)
WAIT_LIMIT_S = 10
HOST = "clinic"  # an alias in the client's configuration


def wait_until(condition):
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Messages:
    """Collects what a tunnel says."""

    def __init__(self):
        self.told, self.warned = [], []

    def tunnel(self, plan, status):
        return Tunnel(plan, status, tell=self.told.append, warn=self.warned.append)


# The command line


def test_local_mode_begins_at_this_computer():
    plan = plan_tunnel("me@clinic", 9000, "local", port=8888)
    assert plan.command == "ssh -N -L 9000:127.0.0.1:8888 -- me@clinic"


def test_remote_mode_begins_at_the_host():
    plan = plan_tunnel("login1", 9000, "remote", port=8888)
    assert plan.command == "ssh -N -R 9000:127.0.0.1:8888 -- login1"


def test_tunnel_port_zero_is_the_port_of_the_server():
    assert plan_tunnel("login1", 0, "remote", port=8888).command.startswith("ssh -N -R 8888:")


@pytest.mark.parametrize("tunnel_port", [0, 8888])
def test_a_local_tunnel_cannot_begin_where_the_server_listens(tunnel_port):
    with pytest.raises(UsageError, match=r"--tunnel-port.*--tunnel-mode remote"):
        plan_tunnel("clinic", tunnel_port, "local", port=8888)


@pytest.mark.parametrize("host", ["-oProxyCommand=touch x", "-", "a b", "a\nb", "", None])
def test_a_host_that_could_be_an_option_is_refused(host):
    with pytest.raises(UsageError):
        plan_tunnel(host, 9000, "local", port=8888)


def test_an_unknown_mode_is_refused():
    with pytest.raises(UsageError, match="local or remote"):
        plan_tunnel("clinic", 9000, "sideways", port=8888)


# Without a server to connect to


def test_without_ssh_the_manual_command_is_shown(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    messages, status = Messages(), ServerStatus()
    plan = plan_tunnel(HOST, 9000, "local", port=8888)
    messages.tunnel(plan, status).start(can_ask=False)
    assert messages.warned == status.warnings
    assert len(messages.warned) == 1
    assert "there is no ssh on this computer" in messages.warned[0]
    assert messages.warned[0].endswith("by hand: ssh -N -L 9000:127.0.0.1:8888 -- clinic")


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for ssh is a shell script")
def test_ssh_is_called_with_these_words(monkeypatch, tmp_path):
    record = tmp_path / "words"
    fake_ssh = tmp_path / "ssh"
    fake_ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {record}\n')
    fake_ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    messages = Messages()
    tunnel = messages.tunnel(plan_tunnel(HOST, 9000, "local", port=8888), ServerStatus())
    tunnel.start(can_ask=False)
    wait_until(lambda: messages.warned)
    words = record.read_text().split("\n")[:-1]
    assert words[-5:] == ["-N", "-L", "9000:127.0.0.1:8888", "--", HOST]
    options = dict(zip(words[1:-5:2], words[:-5:2], strict=True))
    assert set(options.values()) == {"-o"}
    assert set(options) == {
        "ExitOnForwardFailure=yes",
        "ServerAliveInterval=15",
        "ServerAliveCountMax=3",
        "ControlPath=none",
        "LogLevel=DEBUG1",
        "BatchMode=yes",
    }


# Against a real sshd


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    """An sshd on loopback; yields a folder with an ``ssh`` that knows it as ``clinic``."""
    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or shutil.which("ssh") is None:
        pytest.skip("no sshd on this computer")
    if os.geteuid() != 0:
        pytest.skip("sshd needs root")
    os.makedirs("/run/sshd", exist_ok=True)
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    port = free_port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user_key.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\n"
    )
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    (folder / "ssh_config").write_text(
        f"Host {HOST}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {folder}/user_key\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known_hosts\n"
    )
    path = folder / "bin"
    path.mkdir()
    wrapper = path / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    wrapper.chmod(0o755)
    process = subprocess.Popen(
        [program, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL
    )
    wait_until(lambda: can_connect(port))
    yield path
    process.terminate()
    process.wait()


@pytest.fixture
def ssh_on_path(sshd, monkeypatch):
    monkeypatch.setenv("PATH", f"{sshd}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def greeter():
    """A server that says hello to whoever connects; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"hello")

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
@pytest.mark.parametrize("mode", ["local", "remote"])
def test_a_tunnel_leads_to_the_port_and_ends_with_stop(greeter, mode):
    entrance = free_port()
    messages, status = Messages(), ServerStatus()
    tunnel = messages.tunnel(plan_tunnel(HOST, entrance, mode, port=greeter), status)
    tunnel.start(can_ask=False)
    wait_until(lambda: status.tunnelled)
    assert status.tunnel_host == HOST
    with socket.create_connection(("127.0.0.1", entrance)) as client:
        assert client.recv(5) == b"hello"
    tunnel.stop()
    wait_until(lambda: not can_connect(entrance))
    wait_until(lambda: not status.tunnelled)
    assert messages.warned == []
    assert len(messages.told) == 1


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
@pytest.mark.parametrize(("mode", "reason"), [("local", "is taken"), ("remote", "failed")])
def test_a_taken_entrance_is_a_warning_with_the_manual_command(mode, reason):
    # On both families: sshd is content with either.
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as other:
        plan = plan_tunnel(HOST, other.getsockname()[1], mode, port=free_port())
        messages, status = Messages(), ServerStatus()
        messages.tunnel(plan, status).start(can_ask=False)
        wait_until(lambda: messages.warned)
    assert messages.warned[0].endswith(f"by hand: {plan.command}")
    assert reason in messages.warned[0]
    assert not status.tunnelled


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
def test_a_host_that_refuses_us_is_a_warning_with_its_reason():
    messages = Messages()
    plan = plan_tunnel(f"no-such-user@{HOST}", free_port(), "local", port=8888)
    messages.tunnel(plan, ServerStatus()).start(can_ask=False)
    wait_until(lambda: messages.warned)
    assert "Permission denied" in messages.warned[0]


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_tunnel_ends_when_the_viewer_is_killed():
    entrance = free_port()
    with ServerProcess(CT, "--tunnel", f"--tunnel-host={HOST}", f"--tunnel-port={entrance}") as own:
        wait_until(lambda: can_connect(entrance))
        own.process.kill()
        wait_until(lambda: not can_connect(entrance))


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
def test_the_viewer_reports_its_tunnel_and_ends_it():
    entrance = free_port()
    with ServerProcess(
        CT,
        "--tunnel",
        f"--tunnel-host={HOST}",
        f"--tunnel-port={entrance}",
        "--tunnel-mode=remote",
    ) as server:
        wait_until(lambda: server.get("/api/files").json["tunnelled"])
        assert server.get("/api/files").json["tunnel_host"] == HOST
        own_url, server.url = server.url, f"http://127.0.0.1:{entrance}"
        assert server.get("/api/health").json["status"] == "ok"
        server.url = own_url
        assert server.stop(signal.SIGINT)[0] == 0
    wait_until(lambda: not can_connect(entrance))


@pytest.mark.sshd
@pytest.mark.usefixtures("ssh_on_path")
def test_a_failed_tunnel_leaves_the_viewer_running():
    with ServerProcess(
        CT, "--tunnel", f"--tunnel-host=no-such-user@{HOST}", f"--tunnel-port={free_port()}"
    ) as server:
        wait_until(lambda: server.get("/api/files").json["warnings"])
        listing = server.get("/api/files").json
        assert (listing["tunnelled"], listing["tunnel_host"]) == (False, None)
        code, _, messages = server.stop()
    assert code == 0
    assert "by hand: ssh -N -L" in messages
