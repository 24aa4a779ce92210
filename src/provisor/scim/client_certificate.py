"""Giving OpenSSL a key that is only in memory: its interface in Python takes files alone."""

import os
import ssl
import tempfile
from typing import Protocol


class HasCertificate(Protocol):
    @property
    def certificate(self) -> str: ...

    @property
    def key(self) -> str: ...


def load_client(context: ssl.SSLContext, client: HasCertificate) -> None:
    """Let the context show the certificate. The key is on no disk: it goes through a file in memory, or for a moment
    through a private one where there is none. Raises ssl.SSLError when they do not fit.
    """
    pem = f"{client.key.strip()}\n{client.certificate.strip()}\n".encode()
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("provisor")
        try:
            os.write(handle, pem)
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
