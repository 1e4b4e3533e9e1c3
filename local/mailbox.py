"""The mailbox of development: MailDev (npm) as a child process. It takes every mail, sends none on, and has a page.

Version 2.2: the page of 3.0 shows a mail in a frame whose links open nowhere, and it installs twice as much.
"""

import datetime as dt
import http.client
import ipaddress
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local import node
from local.paths import MAILDEV
from local.ports import free, require_free

HOST: Final = "127.0.0.1"


class MailboxError(Exception):
    """It did not start; the message says where its log is."""


class Mailbox:
    """Page and REST API on `port`, SMTP on a free port. The mails outlive it, in `state_dir`, which is its own.

    Supabase Lite demands TLS of a mail server: `certificate`, made on the first start, is what it has to trust.
    """

    def __init__(self, state_dir: Path, port: int) -> None:
        self.state_dir = state_dir.resolve()
        self.port = port
        self.smtp_port = free()
        self.url = f"http://{HOST}:{port}"
        self.log_path = self.state_dir / "maildev.log"
        self.certificate = self.state_dir / "certificate.pem"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs and before it has."""
        return self._process.poll() if self._process else None

    @property
    def settings(self) -> Mapping[str, object]:
        """What changes in supabase/config.toml so that mails come here."""
        smtp = {
            "enabled": True,
            "host": HOST,
            "port": self.smtp_port,
            # Lite wants both; MailDev asks nobody who they are.
            "user": "latchkey",
            "pass": "latchkey",
            "admin_email": "auth@example.com",
            "sender_name": "Latchkey",
        }
        return {f"auth.email.smtp.{name}": value for name, value in smtp.items()}

    def launch(self) -> None:
        """Start it, without waiting. Raises PortTakenError."""
        require_free(self.port, HOST)
        mails = self.state_dir / "mails"
        mails.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = self.state_dir / "key.pem"
        if not self.certificate.exists():
            _certify(self.certificate, key)
        tether = Path(__file__).with_name("tether.mjs").as_uri()
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    node.executable(), "--import", tether, str(MAILDEV),
                    "--web", str(self.port), "--web-ip", HOST,
                    "--smtp", str(self.smtp_port), "--ip", HOST,
                    "--incoming-cert", str(self.certificate), "--incoming-key", str(key),
                    "--mail-directory", str(mails),
                ],
                cwd=self.state_dir,  # where it looks for a configuration file
                env=node.environment({"NO_COLOR": "1"}),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops things in order
            )  # fmt: skip

    def wait_until_ready(self, timeout: float = 30) -> None:
        """Wait until it answers. Raises MailboxError when it ends or `timeout` seconds pass first."""
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self.returncode is not None:
                raise MailboxError(f"MailDev ended with exit code {self.returncode}; see {self.log_path}")
            if time.monotonic() > deadline:
                self.stop()
                raise MailboxError(f"MailDev does not answer on port {self.port}; see {self.log_path}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and wait until it has."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # a mail is a file before it is acknowledged
        process.wait()
        if process.stdin:
            process.stdin.close()

    def __enter__(self) -> Self:
        self.launch()
        self.wait_until_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


def _certify(certificate: Path, key: Path) -> None:
    """Write a certificate for the loopback, signed by itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Latchkey's mailbox of development")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
