"""Turns control requests about the log service into looks at it, and into what it may do to its readers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ossmend.simulator import given, sls
from ossmend.simulator.log_store import switched
from ossmend.simulator.sls import cursors
from ossmend.simulator.sls.shards import shown

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Project, Shard
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request

Json = dict[str, Any]


def overview(cloud: Cloud, _: list[str], body: Json, request: Request) -> Any:
    """The switches, changed if it is no GET, and every project."""
    if request.method != "GET":
        switched(cloud.log_service.switches, body)
    sls.catch_up(cloud)
    projects = {name: _project(project) for name, project in sorted(cloud.log_service.projects.items())}
    return {"switches": asdict(cloud.log_service.switches), "projects": projects}


def _project(project: Project) -> Json:
    groups = {
        group.name: {
            "timeout": group.timeout,
            "order": group.order,
            "consumers": sorted(group.seen),
            "readers": {str(shard): reader for shard, reader in sorted(group.readers.items())},
            "checkpoints": {str(shard): saved.cursor for shard, saved in sorted(group.checkpoints.items())},
        }
        for group in project.consumer_groups.values()
    }
    return {
        "account_id": project.account_id,
        "region": project.region,
        "shards": [_shard(shard) for shard in project.shards.values()],
        "waiting_rows": project.waiting,
        "consumer_groups": groups,
    }


def _shard(shard: Shard) -> Json:
    return shown(shard) | {
        "groups": len(shard.groups),
        "rows": sum(len(group.rows) for group in shard.groups),
        "begin_cursor": cursors.written(shard.first),
        "end_cursor": cursors.written(shard.next),
    }


def _meant(cloud: Cloud, body: Json) -> Project:
    """The project that is named; where there is only one it need not be."""
    sls.catch_up(cloud)
    projects = cloud.log_service.projects
    name = given.text(body.get("project", next(iter(projects)) if len(projects) == 1 else ""), "project")
    if name not in projects:
        raise given.BadSetting(
            f"project must be one of {', '.join(sorted(projects)) or 'those that no bucket has yet'}"
        )
    return projects[name]


def split(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "project shard", "split")
    project = _meant(cloud, body)
    written = [shard.id for shard in project.shards.values() if shard.closed is None]
    number = int(given.number(body.get("shard", written[0]), "shard"))
    if number not in written:
        raise given.BadSetting(f"shard must be one that is written: {', '.join(map(str, written))}")
    project.split(project.shards[number], cloud.clock)
    return _project(project)


def repeat(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "project rows", "repeat")
    project = _meant(cloud, body)
    return {"repeated": project.repeat(int(given.number(body.get("rows", 1), "rows")), cloud.clock)}


def forget(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "project", "forget")
    project = _meant(cloud, body)
    for shard in project.shards.values():
        shard.forget()
    return _project(project)
