"""Servers that tests run as processes: real SCIM servers that we did not write, the lab target, and a plain reader.

with scim2_server() as server:
    ... provision server.base_url with server.token ...
    assert server.contents().users.keys() == {"bjensen"}
"""

from tests.servers.processes import ServerFailed, ServerProcess, free_port
from tests.servers.reader import Contents, DuplicateFound, read_contents, read_groups, read_users
from tests.servers.starters import LabServer, Scim2Server, Server, lab, node, scim2_server, scimmy

__all__ = [
    "Contents",
    "DuplicateFound",
    "LabServer",
    "Scim2Server",
    "Server",
    "ServerFailed",
    "ServerProcess",
    "free_port",
    "lab",
    "node",
    "read_contents",
    "read_groups",
    "read_users",
    "scim2_server",
    "scimmy",
]
