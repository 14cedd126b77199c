"""What an audit says of other services' errors."""

from __future__ import annotations

from collections import Counter

from ossmend.daemon.commands import audit_strangers


def test_where_nothing_was_another_services_nothing_is_said() -> None:
    report = {"another_service": audit_strangers.counted(Counter())}
    assert report["another_service"] == {"refusals": 0, "services": {}}
    assert audit_strangers.told(report) == ""


def test_services_that_a_log_made_up_do_not_fill_the_page() -> None:
    counted = audit_strangers.counted(Counter({f"alibaba:made{number}": 1 for number in range(3000)} | {"s3": 7}))
    assert (counted["refusals"], len(counted["services"])) == (3007, 11)
    assert counted["services"]["others"] == 2991
    assert len(audit_strangers.told({"another_service": counted})) < 500
