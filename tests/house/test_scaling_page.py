"""The page about many nodes says what bench/scaling.py prints, and the simulation does what one can reckon by hand."""

from __future__ import annotations

import pytest

from bench import scaling
from tests.house.test_names import ROOT


def test_the_page_has_the_tables_that_the_script_prints() -> None:
    page = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
    assert "\n".join(scaling.lines()) in page


def test_nodes_on_machines_of_their_own_add_up_until_the_chain_is_full() -> None:
    one, two, many = (scaling.turnover(nodes, 8) for nodes in (1, 2, 16))
    assert one.turns <= 1e6 / scaling.TURN_NODE
    assert two.turns / one.turns == pytest.approx(2.0, abs=0.1)
    assert many.fullest == "the chain"
    assert many.turns <= 1e6 / (scaling.CHAIN_CASE + scaling.CHAIN_COMMIT / scaling.BATCH)


def test_two_nodes_on_the_cores_that_the_server_needs_too_come_to_no_more_than_those_cores() -> None:
    two = scaling.turnover(2, 2, shared=True)
    assert two.turns <= 2e6 / (scaling.TURN_NODE + scaling.TURN_SERVER)
