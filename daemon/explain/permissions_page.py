"""The tables of permissions -> docs/permissions.md: what each code, source and write needs of RAM, in both modes.

Made of the same tables that `ossmend ram-policy` reads, by manual.py, which writes all pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ossmend import remediators
from ossmend.daemon.cloud.ask.questions import ABOUT_OURSELVES, OF_GROUPS, QUESTIONS
from ossmend.daemon.cloud.wire.permissions import PERMISSIONS, RESOURCES, Permission
from ossmend.daemon.explain.code_pages import opt_in
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.writes import WRITES

HEAD = """# Permissions

What ossmend's own RAM user or role has to be allowed. `ossmend ram-policy` writes the policy for a configuration:
the reads of the codes that its policies name, on the buckets and keys of their `match`, and the writes of the
policies in `approve` or `enforce`. With `--mode dry-run` it gives reads alone. `ossmend check --live` says what is
missing, with the statement to add.

    ossmend ram-policy --config ossmend.yaml > policy.json
    ossmend check --live --config ossmend.yaml

- `BUCKET` and `KEY` are those of a policy's `match`. RAM's `*` also crosses slashes; where a pattern therefore
  allows more than the match, `ram-policy` says so on stderr. It is never narrower.
- What ossmend reads of its own policies is a user's or a role's, as the configuration's credentials are; `--identity`
  says it where they are not at hand. Whoever assumes a role needs `sts:AssumeRole` on it: `ram-policy` names it.
- Each of several accounts may list its buckets: another one's key, refused, cannot tell whose the bucket is.
- RAM takes 6,144 characters of one document. A longer policy comes as several, and all of them have to be attached.
- An action marked **unconfirmed** follows the names beside it, and no page of Alibaba Cloud is known that says it.
  If RAM refuses the name, leave it out: what it would have told is then "could not check".
- A code that no policy names is explained from its text. Its reads are tried and refused, and nothing else comes of
  it.

## How `check --live` knows

A read is asked for, of a key or a user that nobody has: "there is none" means allowed. A write is never tried.
Whether it is allowed is read from the policies that are attached to the user or role, and from the policy of a
bucket that is named. Therefore a policy that may write, and one whose `match` has a wildcard in the bucket's name,
also needs to read those (last table). Where they cannot be read, the write is "could not check", with the reason.
It cannot see control policies, the session policy of a role, or whether a condition holds; a condition is said and
not guessed. It ends with 1 where something is missing, or where a write could not be checked; and where a log of the
log service cannot be read for another reason than a right: its host does not answer, its project is of another
region, the account is overdue."""


def page(made: str) -> str:
    parts = [made, HEAD]
    for codes in _together():
        remediator = Remediator.registry[codes[0]]
        parts += [f"## {', '.join(codes)}", *_code(remediator, opt_in(remediator))]
    parts += ["## Sources", SOURCES, "## To see one's own permissions", _ourselves()]
    return "\n\n".join(parts) + "\n"


SOURCES = """`app_log` needs nothing of RAM. `access_log` needs `oss:ListObjects` on `acs:oss:*:*:LOGBUCKET` and
`oss:GetObject` on `acs:oss:*:*:LOGBUCKET/PREFIX*`; with `path` it reads files, and needs nothing. `sls`
needs `log:ListShards` and `log:GetCursorOrData` on `acs:log:REGION:*:project/PROJECT/logstore/LOGSTORE`."""


def _together() -> list[list[str]]:
    """Codes of one remediator need the same."""
    by_module: dict[str, list[str]] = {}
    for code in remediators.CODES:
        by_module.setdefault(Remediator.registry[code].module, []).append(code)
    return list(by_module.values())


def _code(remediator: Remediator, optional: Mapping[str, str]) -> Iterator[str]:
    reads = list(_reads(remediator.asks))
    if not reads:
        yield "Nothing: it asks no question that RAM guards."
    else:
        yield _table("read", reads)
    for operation in dict.fromkeys((*remediator.writes, *optional)):
        when = optional.get(operation) if operation not in remediator.writes else None
        yield f"In `approve` and `enforce`{f', where {when}' if when else ''}:"
        more = [row for row in _reads(WRITES[operation].asks) if row not in reads]
        yield _table("call", [*_writes(operation), *more])


def _reads(questions: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    operations = dict.fromkeys(name for question in questions for name in QUESTIONS[question])
    for operation in operations:
        permission = PERMISSIONS[operation]
        if permission is not None:
            yield operation, _actions(permission), _resource(permission)


def _actions(permission: Permission) -> str:
    of_version = f", of a version `{permission.of_version}`" if permission.of_version else ""
    return f"`{permission.action}`{of_version}{'' if permission.confirmed else ' (unconfirmed)'}"


def _resource(permission: Permission) -> str:
    named = {"object": "acs:oss:*:*:BUCKET/KEY", "bucket": "acs:oss:*:*:BUCKET"}
    return f"`{named.get(permission.on) or RESOURCES[permission.on]}`"


def _writes(operation: str) -> Iterator[tuple[str, str, str]]:
    pairs = dict.fromkeys(pair for example in WRITES[operation].examples() for pair in example.permissions)
    for action, resource in pairs:
        yield operation, f"`{action}`", f"`{resource.replace('user/USER', 'user/*')}`"


def _ourselves() -> str:
    by_whom = {
        "a RAM user": ABOUT_OURSELVES["user"],
        "a role": ABOUT_OURSELVES["role"],
        "a RAM user with rights through a group; `ram-policy` leaves it out": OF_GROUPS,
    }
    rows = [
        (f"{operation} ({who})", _actions(permission), _resource(permission))
        for who, operations in by_whom.items()
        for operation in operations
        if (permission := PERMISSIONS[operation]) is not None
    ]
    return _table("read", rows)


def _table(first: str, rows: Iterable[tuple[str, str, str]]) -> str:
    return "\n".join((f"| {first} | action | on |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)))
