"""The audit's headline about what could not be checked."""

from __future__ import annotations

from ossmend.daemon.commands import audit_unchecked


def test_codes_that_a_log_made_up_do_not_fill_the_page() -> None:
    codes = {f"Made{number}": 1 for number in range(3000)} | {"AccessDenied": 7}
    told = audit_unchecked.known({"unchecked": {"codes": codes}})
    assert "from the logs: 7 AccessDenied, 1 Made0" in told
    assert "2991 with other codes" in told
    assert len(told) < 1000
