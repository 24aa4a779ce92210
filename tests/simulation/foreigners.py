"""Somebody else in the target: edits, closes, deletes and adds accounts there, and changes who is in a group."""

from typing import Any

from provisor.provisioning.models import Link
from tests.lab.store import Record
from tests.simulation.company import SCHEMAS, Installed
from tests.simulation.watcher import Watcher, is_active
from tests.simulation.world import World

#: What hides from a list, or in it, what somebody else has done: a scan can say nothing there, and does not.
BLIND = frozenset(
    {"start_index_ignored", "total_is_page_size", "members_read", "drops", "active_false_deletes"}
)


class Foreigner:
    """Changes one target behind Provisor's back, past its dialect: what is stored there changes, and nothing is sent."""

    def __init__(self, world: World, installed: Installed, watcher: Watcher) -> None:
        self._world, self._watcher = world, watcher
        self._application, self._name = installed.application, installed.application.name
        self._target = installed.network.target
        #: Whether a scan can see what was changed.
        self.is_seen = not BLIND & installed.drawn.odd.keys()
        self.changes = self._deleted = 0
        self._acts = [
            self._edit,
            self._edit,
            self._close,
            self._delete,
            self._add,
            self._join,
            self._part,
            self._part,
        ]

    def act(self) -> None:
        """Change something, where a scan can see it."""
        if not self.is_seen:
            return
        done = self._world.random.choice(self._acts)()
        if done:
            self.changes += 1
            self._world.tell(f"somebody else at {self._name}: {done}")
            self._watcher.look_anew()

    def _accounts(self) -> list[Record]:
        records = self._target.store.users.records.values()
        return [each for each in records if each.id not in self._watcher.strangers]

    def _account(self) -> Record | None:
        accounts = self._accounts()
        return self._world.random.choice(accounts) if accounts else None

    def _group(self) -> Record | None:
        groups = list(self._target.store.groups.records.values())
        return self._world.random.choice(groups) if groups else None

    def _change(self, record: Record, **values: Any) -> None:
        self._target.store.users.replace(record, {**record.resource, **values})

    def _edit(self) -> str:
        record = self._account()
        if record is None:
            return ""
        attribute = self._world.random.choice(("title", "displayName"))
        self._change(record, **{attribute: f"Foreign {self._world.random.randrange(100)}"})
        return f"{attribute} of {record.resource['userName']}"

    def _close(self) -> str:
        """The other way round as well: who was deactivated is let in again."""
        record = self._account()
        if record is None:
            return ""
        now = not is_active(record.resource)
        self._change(
            record, active=("True" if now else "False") if self._target.options.string_booleans else now
        )
        return f"active of {record.resource['userName']} is {now}"

    def _delete(self) -> str:
        """One at most, since many that vanish are another story (R13), of those that Provisor knows to be in step."""
        record = self._account()
        if record is None or self._deleted or not is_active(record.resource) or not self._is_settled(record):
            return ""
        self._deleted += 1
        self._target.store.forget(self._target.store.users, record)
        return f"{record.resource['userName']} is deleted"

    def _is_settled(self, record: Record) -> bool:
        links = Link.objects.filter(application=self._application, remote_id=record.id, intent=None)
        return links.filter(state=Link.State.IN_SYNC).exists()

    def _add(self) -> str:
        name = f"foreign{self.changes}"
        self._target.resources.create("Users", {"schemas": SCHEMAS, "userName": name, "active": True})
        self._watcher.protect(name)
        return f"{name} is added"

    def _join(self) -> str:
        group, record = self._group(), self._account()
        if group is None or record is None or record.id in group.members:
            return ""
        self._target.store.join(group, {"value": record.id})
        return f"{record.resource['userName']} is put into {group.resource['displayName']}"

    def _part(self) -> str:
        group = self._group()
        if group is None or not group.members:
            return ""
        member = self._world.random.choice(list(group.members))
        self._target.store.part(group, member)
        return f"{member} is taken out of {group.resource['displayName']}"
