"""A table spread over processes: lazy, complete and the same bits, also when a worker dies."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import dask
import dask.dataframe as dd
import pandas as pd
import pytest
from distributed import Client, LocalCluster

import hip_bayes as hb

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = ["age", "sex", "high_bmi", "lateral_pain", "groin_pain", "night_pain", "pain_lying_on_side", "limp"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Return simulated cases, with an index that is not their number."""
    cases = hb.load_network().simulate(3000, seed=12)[KNOWN]
    cases["fever"] = pd.array([None, True, False] * 1000, dtype="boolean")
    cases.index = pd.Index(range(5000, 8000), name="case")
    return cases


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Start two worker processes."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 10}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("with_triage", [True, False])
@pytest.mark.parametrize("partitions", [1, 4, 11])
def test_the_answer_is_that_of_one_table_whatever_the_partitions(
    frame: pd.DataFrame, partitions: int, *, with_triage: bool
) -> None:
    """To the bit; and nothing is computed before it is asked for, but its columns and types are known."""
    expected = hb.diagnose_many(frame, with_triage=with_triage)

    lazy = hb.diagnose_many(dd.from_pandas(frame, npartitions=partitions), with_triage=with_triage)

    assert isinstance(lazy, dd.DataFrame)
    assert lazy.npartitions == partitions
    pd.testing.assert_series_equal(lazy.dtypes, expected.dtypes)
    pd.testing.assert_frame_equal(lazy.compute(scheduler="sync"), expected, check_exact=True)


def test_what_is_wrong_with_a_table_is_said_before_anything_is_computed(frame: pd.DataFrame) -> None:
    spread = dd.from_pandas(frame.rename(columns={"limp": "limb"}), npartitions=2)

    with pytest.raises(hb.UnknownNameError, match=r"column 'limb': .*did you mean 'limp'.*ignore=\['limb'\]"):
        hb.diagnose_many(spread)
    assert len(hb.diagnose_many(spread, ignore=["limb"], with_triage=False).columns) == len(hb.load_network().causes)


def test_a_bad_cell_is_refused_with_its_row(frame: pd.DataFrame) -> None:
    bad = frame.astype({"limp": object})
    bad.loc[7654, "limp"] = "maybe"

    lazy = hb.diagnose_many(dd.from_pandas(bad, npartitions=3))

    with pytest.raises(hb.EvidenceError, match=r"^row 7654: 'limp' is 'maybe'; allowed"):
        lazy.compute(scheduler="sync")


def test_processes_give_the_same_bits_with_a_network_and_a_setting_of_ones_own(
    client: Client, frame: pd.DataFrame
) -> None:
    net = hb.load_network().replace({"findings.limp.given.gtps": 0.31})
    expected = hb.diagnose_many(frame, network=net, setting="sports_clinic", with_triage=True)
    spread = dd.from_pandas(frame, npartitions=6)

    result = hb.diagnose_many(spread, network=net, setting="sports_clinic", with_triage=True)

    pd.testing.assert_frame_equal(client.compute(result).result(), expected, check_exact=True)


def _slowly(part: pd.DataFrame) -> pd.DataFrame:
    time.sleep(0.2)  # so that there is time to kill a worker; nothing depends on how long
    return part


def test_a_worker_that_is_killed_takes_nothing_with_it(client: Client, frame: pd.DataFrame) -> None:
    """SIGKILL in the middle of the run: the result is complete and the same bits."""
    expected = hb.diagnose_many(frame, with_triage=True)
    spread = dd.from_pandas(frame, npartitions=30)
    result = hb.diagnose_many(spread, with_triage=True).map_partitions(_slowly, meta=expected.iloc[:0])
    before = client.run(os.getpid)

    future = client.compute(result)
    while not any(client.processing().values()):
        time.sleep(0.01)
    time.sleep(0.5)
    assert not future.done()
    os.kill(next(iter(before.values())), signal.SIGKILL)

    pd.testing.assert_frame_equal(future.result(), expected, check_exact=True)
    assert set(client.run(os.getpid).values()) != set(before.values())  # one of them is another process now
