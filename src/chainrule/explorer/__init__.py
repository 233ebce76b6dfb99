"""The explorer: one HTML page in which a network's weights are moved by hand, and everything follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.conventions import Convention, as_convention
from chainrule.costs import Cost
from chainrule.errors import SettingError, ShapeError, brief
from chainrule.explanation.figures import figure
from chainrule.explorer.contents import check_row, check_snapshots, contents_of, offered_costs, telling_row
from chainrule.explorer.page import Explorer
from chainrule.explorer.traced import forms_of
from chainrule.forward import trace_of
from chainrule.ids import Id
from chainrule.network import Network, as_network
from chainrule.problem import Problem

CALL = "explore(network, x, y)"


def explore(
    network: Network,
    x: Any,
    y: Any,
    cost: str | Cost | None = None,
    *,
    row: int | None = None,
    by: str | Id | None = None,
    snapshots: Mapping[int, Network] | None = None,
    convention: str | Convention = "nielsen",
    title: str | None = None,
    numbers: Sequence[int] | None = None,
) -> Explorer:
    """One HTML page to explore a network by hand on one example x (in,) or rows (batch, in): `explore(net, x, y).open()`.

    row         which of the rows is shown first; by default a misread one, if there is one
    by          what is selected first, as "w/2/0/1"; by default the weight with the largest derivative
    snapshots   networks by epoch, as `run.record` after train(…, record=12)
    title       what the page is called
    numbers     what the rows are called, where they are not 0, 1, 2, …

    The page computes in float64. Of very many rows it holds the chosen one, the first ones and those of the largest cost.
    Raises FormError for a user's own activation or cost that cannot be written as JavaScript, SettingError for a network that
    is too large for a page, DataError for a row that is not there or on which the network overflows.
    """
    author = as_convention(convention)
    the_cost = author.cost_for(as_network(network, CALL), cost)
    problem = Problem.exact(network, x, y, the_cost, CALL)
    count = len(problem.x)
    place, names = (
        telling_row(problem) if row is None else check_row(row, count),
        range(count) if numbers is None else numbers,
    )
    if len(names) != count:
        raise ShapeError(f"numbers name the rows, one each: {count} rows and {len(names)} numbers were given")
    if title is not None and not isinstance(title, str):
        raise SettingError(f"the title of a page is a text, got {brief(title)}")
    called = title or f"Network {'-'.join(map(str, problem.network.sizes))}"
    here = problem.example(place)
    snapshot_networks = check_snapshots(problem.network, snapshots)
    known = contents_of(problem, place, names, snapshot_networks, author, by, called, network.dtype.name)
    with np.errstate(all="ignore"):  # what overflows is an error in the next line
        trace = here.once(trace_of)
    here.check_finite(z=trace.z.items(), a=trace.a.items())
    forms = forms_of(problem.network, *offered_costs(problem))
    drawn = figure("network", problem.network, here.x[0], here.y[0], cost=problem.cost, convention=author)
    return Explorer(called, known, forms, drawn)


__all__ = ["Explorer", "explore"]
