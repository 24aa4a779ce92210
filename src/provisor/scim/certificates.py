"""Certificates as a person gives them: PEM text, checked before it is kept."""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_LONGEST: Final = 100_000
_MOST: Final = 50


class CertificateRefused(Exception):  # noqa: N818 - a refusal is no fault of the program
    """What was given is no certificate that can be used. Nothing of a key is in the sentence."""


def read_authorities(pem: str) -> str:
    """The PEM of certificate authorities in canonical form. Raises CertificateRefused."""
    found = _certificates(pem)
    for each in found:
        try:
            constraints = each.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            continue
        if not constraints.ca:
            raise CertificateRefused(
                f'"{_name(each)}" is the certificate of a server, and of no authority. Give that of who issued it.'
            )
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in found)


def read_client_certificate(certificate: str, key: str) -> str:
    """The PEM of a client certificate, which comes first, with its chain. Raises CertificateRefused."""
    chain = _certificates(certificate)
    if _public(chain[0].public_key()) != _public(_key(key).public_key()):
        raise CertificateRefused("Certificate and key do not belong together: their public keys differ.")
    return "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in chain)


def describe(pem: str) -> list[dict[str, str]]:
    """What a person recognises certificates by: subject, issuer, end, SHA-256."""
    return [
        {
            "subject": _name(each),
            "issuer": each.issuer.rfc4514_string(),
            "not_after": each.not_valid_after_utc.date().isoformat(),
            "sha256": each.fingerprint(hashes.SHA256()).hex(),
        }
        for each in (_certificates(pem) if pem.strip() else [])
    ]


def _certificates(pem: str) -> list[x509.Certificate]:
    if len(pem) > _LONGEST:
        raise CertificateRefused(f"The text is longer than {_LONGEST:,} characters.")
    try:
        found = x509.load_pem_x509_certificates(pem.strip().encode())
    except ValueError:
        raise CertificateRefused(
            "There is no certificate in PEM form in the text, or it is damaged."
        ) from None
    if len(found) > _MOST:
        raise CertificateRefused(f"There are {len(found)} certificates in the text, and {_MOST} are taken.")
    return found


def _key(pem: str) -> PrivateKeyTypes:
    try:
        return serialization.load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError:
        raise CertificateRefused("The key is encrypted with a password. Give it without one.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateRefused("The key is no private key in PEM form, or it is damaged.") from None


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
