"""What the errors of aiohttp mean: did anything leave this process, or not?"""

import asyncio
import socket
import ssl

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisor.scim.errors import AddressRefused, NotSent, OutcomeUnknown, ScimFailure
from provisor.scim.json_body import plain_text
from provisor.scim.limits import TransportLimits

_UNKNOWN = "Whether it did what was asked is not known."


class ForbiddenAddressError(OSError):
    """An address was refused just before the connect. An OSError, since the connector reports only those."""


class ConnectionLostError(aiohttp.ClientError):
    """The connection broke after the request may have left."""


class BarredError(aiohttp.ClientError):
    """Requests may not leave any more; this one had not."""


async def keep_single(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from sending again by itself: it repeats GET, PUT and DELETE when a kept connection breaks.

    Each repetition is decided by the engine, counted by its rate limit and recorded as an attempt. aiohttp
    repeats only after ClientOSError and ServerDisconnectedError, so these become another error.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise ConnectionLostError from problem


def failure_of(
    problem: BaseException, host: str, limits: TransportLimits, *, silent: bool = False
) -> ScimFailure:
    """The failure that an error of aiohttp stands for; `silent` tells the one time-out from the other.

    Only errors that are raised before a connection is handed over become NotSent; all others may have
    come after the request left.
    """
    if isinstance(problem, aiohttp.ClientConnectorError):
        return _not_connected(problem, host)
    if isinstance(problem, BarredError) or isinstance(problem.__cause__, BarredError):
        return NotSent("It was stopped before it left.")
    if isinstance(problem, aiohttp.ConnectionTimeoutError):
        return NotSent(
            f'"{host}" did not accept a connection within {limits.connect:g} s. It will be tried again.'
        )
    if isinstance(problem, aiohttp.InvalidURL):
        return AddressRefused(f'The address of "{host}" cannot be used: {plain_text(str(problem), 200)}.')
    return _no_answer(problem, host, limits, silent=silent)


def _not_connected(problem: aiohttp.ClientConnectorError, host: str) -> NotSent:
    cause = problem.os_error
    if isinstance(cause, ForbiddenAddressError):
        return AddressRefused(str(cause))
    if isinstance(cause, ssl.SSLCertVerificationError):
        return NotSent(
            f'The certificate of "{host}" could not be verified: {cause.verify_message}. Nothing was sent.'
        )
    if isinstance(cause, ssl.SSLError):
        return NotSent(
            f'No TLS connection with "{host}" came about: {plain_text(cause.reason or str(cause), 200)}. '
            "It must speak TLS 1.2 or later on this port."
        )
    if isinstance(cause, socket.gaierror):
        return NotSent(
            f'The name "{host}" could not be resolved: {cause.strerror}. Check the address and DNS.'
        )
    what = plain_text(cause.strerror or str(cause), 200) or "the other side closed it while it was set up"
    return NotSent(f'No connection to "{host}" came about: {what}. It will be tried again.')


def _no_answer(problem: BaseException, host: str, limits: TransportLimits, *, silent: bool) -> OutcomeUnknown:
    if isinstance(problem, asyncio.TimeoutError) and silent:
        return OutcomeUnknown(f'"{host}" was silent for {limits.read:g} s. {_UNKNOWN}')
    if isinstance(problem, asyncio.TimeoutError):
        return OutcomeUnknown(f'"{host}" did not finish its answer within {limits.total:g} s. {_UNKNOWN}')
    if isinstance(problem, aiohttp.ClientPayloadError):
        return OutcomeUnknown(f'The answer of "{host}" broke off before its end. {_UNKNOWN}')
    if isinstance(problem, aiohttp.ClientResponseError):
        return OutcomeUnknown(
            f'The answer of "{host}" is no HTTP that can be read: {plain_text(problem.message, 200)}. {_UNKNOWN}'
        )
    return OutcomeUnknown(f'"{host}" closed the connection before it answered. {_UNKNOWN}')
