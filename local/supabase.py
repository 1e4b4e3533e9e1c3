"""The embedded Supabase: Supabase Lite as a child process. For development and tests only."""

import http.client
import json
import re
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from local import node, project
from local.keys import Keys
from local.paths import LITE, MIGRATIONS
from local.ports import require_free

HOST: Final = "127.0.0.1"


class SupabaseError(Exception):
    """Supabase Lite did not do what it was asked; the message says where its log is."""


class QueryError(Exception):
    """The database refused a statement."""


class LocalSupabase:
    """One instance, with configuration, data and log of its own below `state_dir`.

    Several run side by side, each on its own `port` (of 127.0.0.1) and `state_dir`; starting again on the same
    `state_dir` finds the same users. `overrides` changes values of supabase/config.toml: {"auth.jwt_expiry": 5}.
    `password_cost` is bcrypt's; the default takes about 0.1 s for each password, and 4, the least, about 2 ms.
    `trusted_certificate` is that of the mail server, which has to speak TLS, in PEM.
    The server ends when this process does, however it ends.
    """

    def __init__(
        self,
        state_dir: Path,
        port: int,
        keys: Keys,
        overrides: Mapping[str, object] | None = None,
        *,
        password_cost: int | None = None,
        migrations: Path = MIGRATIONS,
        trusted_certificate: Path | None = None,
    ) -> None:
        self.state_dir = state_dir.resolve()
        self.port = port
        self.keys = keys
        self.overrides = dict(overrides or {})
        self.password_cost = password_cost
        self.migrations = migrations
        self.trusted_certificate = trusted_certificate
        self.url = f"http://{HOST}:{port}"
        self.log_path = self.state_dir / "supabase.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self.returncode is None and self._process else None

    @property
    def returncode(self) -> int | None:
        """How the server ended; None while it runs and before it has."""
        return self._process.poll() if self._process else None

    def migrate(self) -> None:
        """Apply what is pending of supabase/migrations. Must not be called while the server runs.

        Raises SupabaseError when a migration fails.
        """
        directory = project.write(self.state_dir, self._settings(), self.migrations)
        # Asking Lite takes a second; a note of what was applied takes none.
        applied = self.state_dir / "migrated.sha256"
        wanted = project.migrations_digest(directory)
        if applied.is_file() and applied.read_text() == wanted:
            return
        # It exits with 0 when a migration fails, so its words count; it says nothing of those that were applied before.
        missing = {migration.name for migration in (directory / "migrations").glob("*.sql")}
        missing -= set(re.findall(r"Applied (\S+)", self._lite_migration("up")))
        if missing - set(re.findall(r"\[applied\] (\S+)", self._lite_migration("list") if missing else "")):
            raise SupabaseError(f"a migration failed; see {self.log_path}")
        applied.write_text(wanted)

    def start(self, timeout: float = 30) -> None:
        """Migrate, start the server and wait until it answers.

        Raises PortTakenError, or SupabaseError when it does not answer within `timeout` seconds.
        """
        self.launch()
        self.wait_until_ready(timeout)

    def launch(self) -> None:
        """Migrate and start the server, without waiting. Raises PortTakenError, or SupabaseError by a migration."""
        if self.pid is not None:
            return
        require_free(self.port, HOST)
        self.migrate()
        with self._open_log() as log:
            tether = Path(__file__).with_name("tether.mjs").as_uri()
            self._process = subprocess.Popen(
                [node.executable(), "--import", tether, str(LITE), "start", "--host", HOST, "--no-admin"],
                cwd=self.state_dir,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops things in order
            )

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Wait until the server answers. Raises SupabaseError when it ends or `timeout` seconds pass first."""
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self.returncode is not None:
                raise SupabaseError(f"Supabase Lite ended with exit code {self.returncode}; see {self.log_path}")
            if time.monotonic() > deadline:
                self.stop()
                raise SupabaseError(f"Supabase Lite does not answer on port {self.port}; see {self.log_path}")
            time.sleep(0.02)

    def stop(self, *, grace: float = 0) -> None:
        """End the server and wait until it has; it gets `grace` seconds to finish the requests in flight.

        A refresh that is cut off can cost its session: Supabase Lite revokes the old token in one transaction and stores
        the new one in another.
        """
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            if grace:
                process.terminate()
                process.wait(grace)
        process.kill()  # SQLite loses nothing by it, and asking takes Node half a second
        process.wait()
        if process.stdin:
            process.stdin.close()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Run SQLite statements on the database, while the server runs too; return the rows of the last one.

        Tables of other schemas than public carry the schema in their name: `select * from "auth.sessions"`.
        Raises QueryError.
        """
        script = Path(__file__).with_name("query.mjs")
        done = subprocess.run(
            [node.executable(), "--no-warnings", str(script), str(self.database_path)],
            env=node.environment({}), input=sql, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            raise QueryError(done.stderr.strip())
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.state_dir / "supabase" / ".temp" / "data.db"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def _settings(self) -> dict[str, object]:
        database = {"db.driver": "sqlite-postgres", "db.url": "file:./supabase/.temp/data.db"}
        return {"api.port": self.port, **database, **self.overrides}

    def _environment(self) -> dict[str, str]:
        cost = {} if self.password_cost is None else {"LITE_AUTH_BCRYPT_COST": str(self.password_cost)}
        trusted = {"NODE_EXTRA_CA_CERTS": str(self.trusted_certificate)} if self.trusted_certificate else {}
        return node.environment(
            {
                **cost,
                **trusted,
                "DO_NOT_TRACK": "1",
                "NO_COLOR": "1",
                "SUPABASE_JWT_SECRET": self.keys.jwt_secret,
                "SUPABASE_PUBLISHABLE_KEY": self.keys.publishable_key,
                "SUPABASE_SECRET_KEY": self.keys.secret_key,
            }
        )

    def _open_log(self) -> BinaryIO:
        self.log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log_path.touch(mode=0o600)  # Lite prints its keys there
        return self.log_path.open("ab")

    def _lite_migration(self, command: str) -> str:
        """What `lite migration` prints."""
        with self._open_log() as log:
            done = subprocess.run(
                [node.executable(), str(LITE), "migration", command],
                cwd=self.state_dir, env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True, check=False,
            )  # fmt: skip
            log.write(done.stdout.encode())
        return done.stdout

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/auth/v1/health", headers={"apikey": self.keys.publishable_key})
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
