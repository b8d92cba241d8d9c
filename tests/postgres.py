"""A real PostgreSQL for the tests: its programs are Debian's package `postgresql`, or on the PATH.

Where they are missing tests skip with a sentence; where REQUIRE_JUDGES is set, as in CI, they fail.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from judges import missing

PASSWORD = "s3cret-of-the-store"


def _program(name: str) -> str:
    folders = [str(each) for each in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if found is None:
        missing(f"PostgreSQL ({name}) is not installed (Debian: postgresql).")
    return str(found)


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    missing("there is no account that could run PostgreSQL")
    raise AssertionError


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server on a free port of the loopback address; each test has a database of its own."""

    def __init__(self, primary: "PostgresServer | None" = None) -> None:
        """Makes a server, or a standby of another one."""
        self._account = _account()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self.data = self.folder / "data"
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._own(self.folder)
        self._own(password)
        if primary is None:
            self._run(
                "initdb", "-D", self.data, "-U", "loads", "-A", "scram-sha-256", f"--pwfile={password}", "-N"
            )
        else:
            self._run("pg_basebackup", "-D", self.data, "-R", "-c", "fast", "-d", primary.url("postgres"))
        self.port = _free_port()
        self.other_address = f"127.77.{self.port >> 8}.{self.port & 255}"
        """A second one of this server alone, so that it can be cut off without the first."""
        self._databases = 0
        self.start()

    def _own(self, path: Path) -> None:
        if self._account:
            os.chown(path, self._account["user"], self._account["group"])

    def _run(self, program: str, *arguments: object) -> None:
        command = [_program(program), *map(str, arguments)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            timeout=120,
            **self._account,
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = (
            f"-p {self.port} -h 127.0.0.1,{self.other_address} -k {self.folder} -c max_connections=80"
            " -c shared_buffers=32MB"
        )
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-l", log, "-o", options, "-w", "-t", 60, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops it: `fast` ends connections, `immediate` is as a crash."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", 60, "stop")

    def restart(self, mode: str = "fast", pause: float = 0.0) -> None:
        """Stops and starts it."""
        self.stop(mode)
        time.sleep(pause)
        self.start()

    def promote(self) -> None:
        """Makes a primary of a standby."""
        self._run("pg_ctl", "-D", self.data, "-w", "-t", 60, "promote")

    @contextlib.contextmanager
    def on_small_disk(self, megabytes: int) -> Iterator[str]:
        """The address of an empty database on a disk of its own, of that size."""
        disk = self.folder / "disk"
        disk.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)]
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
            missing("this account may not mount a small disk")
        try:
            self._own(disk)
            (disk / "ballast").write_bytes(bytes(4 << 20))
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
                connection.execute("CREATE DATABASE on_small_disk TABLESPACE small")
                yield self.url("on_small_disk")
                connection.execute("DROP DATABASE on_small_disk WITH (FORCE)")
                connection.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)

    def make_room(self) -> None:
        """Frees some space on the small disk."""
        (self.folder / "disk" / "ballast").unlink()

    @contextlib.contextmanager
    def cut_off(self) -> Iterator[None]:
        """What is sent to the other address is lost while the block runs, as where a cable is pulled."""
        blackhole = ["blackhole", f"{self.other_address}/32", "table", "local"]
        program = shutil.which("ip", path=f"/usr/sbin:/sbin:{os.environ.get('PATH', '')}")
        if program is None:
            missing("the program ip is not installed (Debian: iproute2).")
        command = [str(program), "route"]
        if subprocess.run([*command, "add", *blackhole], capture_output=True, check=False).returncode:
            missing("this account may not change how packets are routed.")
        try:
            yield
        finally:
            subprocess.run([*command, "del", *blackhole], check=True)

    @contextlib.contextmanager
    def pooled(self, url: str, mode: str, connections: int) -> Iterator[str]:
        """The address of a database through PgBouncer, which shares so many connections to it."""
        program = shutil.which("pgbouncer", path=f"/usr/sbin:{os.environ.get('PATH', '')}")
        if program is None:
            missing("PgBouncer is not installed (Debian: pgbouncer).")
        database = url.rpartition("/")[2]
        port = _free_port()
        known = f"host=127.0.0.1 port={self.port} user=loads password={PASSWORD}"
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\n{database} = {known}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
            f"auth_type = any\npool_mode = {mode}\ndefault_pool_size = {connections}\nunix_socket_dir =\n"
        )
        command = [str(program), "-q", str(settings)]
        with subprocess.Popen(
            command, cwd=self.folder, stderr=subprocess.DEVNULL, **self._account
        ) as process:
            try:
                while process.poll() is None:
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                        break
                    time.sleep(0.05)
                yield url.replace(f":{self.port}/", f":{port}/")
            finally:
                process.kill()

    def url(self, database: str) -> str:
        """The address of a database, password included."""
        return f"postgresql://loads:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of an empty database."""
        self._databases += 1
        name = f"store_{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def databases(self) -> list[str]:
        """The addresses of all databases that were made."""
        return [self.url(f"store_{number}") for number in range(1, self._databases + 1)]

    def dump(self, url: str) -> bytes:
        """What `pg_dump` writes of a database."""
        done = subprocess.run([_program("pg_dump"), url], capture_output=True, check=True, timeout=300)
        return done.stdout

    def everything(self, url: str) -> bytes:
        """The dump of a database, and all files of the server: write-ahead log, dead rows and logs included."""
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        content = [self.dump(url), (self.folder / "log").read_bytes()]
        for path in self.data.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # the server removes some meanwhile
                if path.is_file():
                    content.append(path.read_bytes())
        return b"\0".join(content)

    def close(self) -> None:
        """Stops it and removes its files."""
        with contextlib.suppress(AssertionError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def running_postgres(primary: PostgresServer | None = None) -> Iterator[PostgresServer]:
    """A server, or a standby of another one, while the block runs."""
    server = PostgresServer(primary)
    try:
        yield server
    finally:
        server.close()
