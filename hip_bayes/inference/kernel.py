"""The loops of `coverage`, compiled: arrays in, arrays out.

Cases with equally much to do are computed side by side, `lanes` of them, the last axis of every array here, so that the
processor's vector units have work. C is a set of findings, numbered by its bits: which are covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Function = TypeVar("Function", bound="Callable[..., object]")


def _compiled(function: Function) -> Function:
    """Compile with numba, without reassociation or fused steps. Kept on disk where that is allowed."""
    try:
        return cast("Function", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no directory may be written
        return cast("Function", numba.njit(nogil=True)(function))


@_compiled
def mixtures(
    first: Ints,
    sex: Ints,
    band: Ints,
    likelihood: Floats,
    by_cell: Floats,
    prevalence: Floats,
    shared: Ints,
    idle: Ints,
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return what the cases with each pattern of background evidence mix: cells, and states of shared background.

    `first` is a case of each pattern; `likelihood` has shape (cases, background, 2 sexes, 2 states). Returns for each
    pattern how many cells it has, which bits of the shared background are open, the states of the others, and the
    weights, shape (patterns, cells, 2 ** shared), of its cells from the first.
    """
    bands = len(by_cell) // 2
    many = 1 << len(shared)
    cells = np.zeros(len(first), dtype=np.int64)
    is_open = np.zeros(len(first), dtype=np.int64)
    fixed = np.zeros(len(first), dtype=np.int64)
    weights = np.zeros((len(first), len(by_cell), many))
    for i in range(len(first)):
        r = first[i]
        for j in range(len(shared)):
            absent, present = 0.0, 0.0
            for s in range(2):
                if sex[r] in (-1, s):
                    absent = max(absent, likelihood[r, shared[j], s, 0])
                    present = max(present, likelihood[r, shared[j], s, 1])
            bit = 1 << (len(shared) - 1 - j)
            if absent == 0.0 and present > 0.0:
                fixed[i] += bit
            elif absent == 0.0 or present > 0.0:
                is_open[i] += bit
        for cell in range(len(by_cell)):
            s = cell // bands
            if sex[r] not in (-1, s) or band[r] not in (-1, cell % bands):
                continue
            weight = by_cell[cell]
            for b in idle:
                q = prevalence[b, cell]
                weight *= likelihood[r, b, s, 0] * (1 - q) + likelihood[r, b, s, 1] * q
            for k in range(many):
                w = weight
                for j in range(len(shared)):
                    b = shared[j]
                    if k >> (len(shared) - 1 - j) & 1:
                        w *= likelihood[r, b, s, 1] * prevalence[b, cell]
                    else:
                        w *= likelihood[r, b, s, 0] * (1 - prevalence[b, cell])
                weights[i, cells[i], k] = w
            cells[i] += 1
    return cells, is_open, fixed, weights


@_compiled
def tables(
    first: Ints, sex: Ints, band: Ints, likelihood: Floats, prevalence: Floats, local: Ints, basis: Floats
) -> tuple[Ints, Floats]:
    """P(state, local background evidence | cell, shared background) of one unit, for each pattern of that evidence.

    Returns where each pattern's tables begin, and the tables one after the other: (cell, shared, state) for the cells
    of each pattern.
    """
    cells, many, patterns, states = basis.shape
    bands = cells // 2
    begins = np.zeros(len(first), dtype=np.int64)
    total = 0
    for i in range(len(first)):
        begins[i] = total
        for cell in range(cells):
            if sex[first[i]] in (-1, cell // bands) and band[first[i]] in (-1, cell % bands):
                total += many * states
    pool = np.zeros(total)
    weight = np.empty(patterns)
    at = 0
    for i in range(len(first)):
        r = first[i]
        for cell in range(cells):
            s = cell // bands
            if sex[r] not in (-1, s) or band[r] not in (-1, cell % bands):
                continue
            weight[0] = 1.0
            n = 1
            for j in range(len(local) - 1, -1, -1):  # the last background is the fastest
                b = local[j]
                for p in range(n):
                    weight[p + n] = weight[p] * (likelihood[r, b, s, 1] * prevalence[b, cell])
                    weight[p] *= likelihood[r, b, s, 0] * (1 - prevalence[b, cell])
                n *= 2
            for k in range(many):
                for p in range(patterns):
                    for state in range(states):
                        pool[at + state] += weight[p] * basis[cell, k, p, state]
                at += states
    return begins, pool


@_compiled
def cover(x: float, parent: float, effect: float) -> tuple[float, float]:
    """P(what is known of a finding | it is not covered), and | it is, given the state of its parent."""
    e = effect if parent == 1.0 else 0.0
    return x * e + (1 - x) * (1 - e), x


@_compiled
def count_bits(known: Floats, parent: Ints, effect: Floats) -> Ints:
    """Return for each case how many findings may be covered or not: the binary digits of C."""
    count = np.zeros(len(known), dtype=np.int64)
    for r in range(len(known)):
        for f in range(known.shape[1]):
            if not np.isnan(known[r, f]):
                above = known[r, parent[f]] if parent[f] >= 0 else 0.0
                no, yes = cover(known[r, f], above, effect[f])
                count[r] += yes not in (0.0, no)
    return count


@_compiled
def hanging(known: Floats, p: int, below: Ints, parent: Ints) -> tuple[int, int, bool]:
    """Return how many findings below `p` are known, the last of them, and whether all are children of it and absent.

    None are, as far as `p` goes, where its own state is certain.
    """
    informed, last, absent = 0, -1, True
    if known[p] not in (0.0, 1.0):
        for d in below:
            if not np.isnan(known[d]):
                informed, last = informed + 1, d
                absent = absent and parent[d] == p and known[d] == 0.0
    return informed, last, absent


@_compiled
def count_parts(known: Floats, parents: Ints, below_begins: Ints, below: Ints, parent: Ints) -> Ints:
    """Return where the parts of each case begin that `split` makes, and where the last ones end."""
    begins = np.zeros(len(known) + 1, dtype=np.int64)
    for r in range(len(known)):
        parts = 1
        for j in range(len(parents)):
            informed, _, absent = hanging(known[r], parents[j], below[below_begins[j] : below_begins[j + 1]], parent)
            if informed > 0 and not absent:
                parts *= 2
        begins[r + 1] = begins[r] + parts
    return begins


@_compiled
def split(
    known: Floats,
    begins: Ints,
    parents: Ints,
    below_begins: Ints,
    below: Ints,
    parent: Ints,
    effect: Floats,
    either: Ints,
) -> tuple[Floats, Floats, Ints]:
    """Rewrite each case until no finding hangs on one whose state is not certain.

    If all that is known below a finding is that children of it are absent, that is soft evidence against it. Else the
    case is split in two by its state; or, if that is unknown and a single child is all that is known below it, by
    whether the effect on this would fire, which is independent of all else: if so, the child is like `either`, "the
    child or its parent". `parents` are the findings with children, parents before children, and `below` all that
    depend on each; `begins` is what `count_parts` returns.

    Returns what is known, a coefficient, and the number of the case of each part; parts of a case together.
    """
    out = np.empty((begins[-1], known.shape[1]))
    coefficient = np.ones(begins[-1])
    case = np.empty(begins[-1], dtype=np.int64)
    for r in range(len(known)):
        at = begins[r]
        out[at] = known[r]
        case[at : begins[r + 1]] = r
        parts = 1
        for j in range(len(parents)):
            p = parents[j]
            x = known[r, p]
            depending = below[below_begins[j] : below_begins[j + 1]]
            informed, child, absent = hanging(known[r], p, depending, parent)
            if informed == 0:
                continue
            no, yes = (1.0, 1.0) if np.isnan(x) else (1 - x, x)
            if absent:
                for d in depending:
                    if not np.isnan(known[r, d]):
                        yes *= 1 - effect[d]
                for i in range(at, at + parts):
                    out[i, p] = yes / (no + yes)
                    coefficient[i] *= no + yes
                continue
            for i in range(at, at + parts):
                out[i + parts] = out[i]
                coefficient[i + parts] = coefficient[i]
                if np.isnan(x) and informed == 1 and parent[child] == p:
                    coefficient[i] *= 1 - effect[child]
                    coefficient[i + parts] *= effect[child]
                    out[i + parts, either[child]] = out[i, child]
                    out[i + parts, child] = np.nan
                else:
                    coefficient[i] *= no
                    coefficient[i + parts] *= yes
                    out[i, p], out[i + parts, p] = 0.0, 1.0
            parts *= 2
    return out, coefficient, case


@_compiled
def spread(vectors: Floats, stays: Floats, fires: Floats, bits: int, lanes: int) -> None:
    """Let a unit cover more: from distributions over C before it to those after it, in place.

    `vectors` has shape (2 ** bits, lanes); `stays` and `fires`, shape (bits, lanes), are what it does to a finding.
    """
    h = 1
    for b in range(bits):
        for c0 in range(0, 1 << bits, 2 * h):
            for c in range(c0, c0 + h):
                for i in range(lanes):
                    vectors[c + h, i] += vectors[c, i] * fires[b, i]
                    vectors[c, i] *= stays[b, i]
        h *= 2


@_compiled
def spread_back(vectors: Floats, stays: Floats, fires: Floats, bits: int, lanes: int) -> None:
    """Do the adjoint of `spread`: from the worth of each C after a unit to that before it, in place."""
    h = 1
    for b in range(bits):
        for c0 in range(0, 1 << bits, 2 * h):
            for c in range(c0, c0 + h):
                for i in range(lanes):
                    vectors[c, i] = vectors[c, i] * stays[b, i] + vectors[c + h, i] * fires[b, i]
        h *= 2


@_compiled
def close(vectors: Floats, no: Floats, yes: Floats, bits: int, lanes: int) -> None:
    """From a weight of each C to the worth of each other C': the sum over C of weight * P(what is known | C or C')."""
    h = 1
    for b in range(bits):
        for c0 in range(0, 1 << bits, 2 * h):
            for c in range(c0, c0 + h):
                for i in range(lanes):
                    low, high = vectors[c, i], vectors[c + h, i]
                    vectors[c, i] = low * no[b, i] + high * yes[b, i]
                    vectors[c + h, i] = (low + high) * yes[b, i]
        h *= 2


@_compiled
def alone(vectors: Floats, stays: Floats, fires: Floats, bits: int, lanes: int) -> None:
    """Fill in the distribution over C of what one unit covers by itself."""
    for i in range(lanes):
        vectors[0, i] = 1.0
    n = 1
    for b in range(bits):
        for c in range(n):
            for i in range(lanes):
                vectors[c + n, i] = vectors[c, i] * fires[b, i]
                vectors[c, i] *= stays[b, i]
        n *= 2


@_compiled
def fetch(stays: Floats, fires: Floats, absent: Floats, fired: Floats, of: Ints, bits: int, lanes: int) -> bool:
    """Fetch what one state (its rows of `absent` and `fired`) does to the findings; say whether it does anything."""
    linked = False
    for b in range(bits):
        for i in range(lanes):
            stays[b, i] = absent[of[b, i]]
            fires[b, i] = fired[of[b, i]]
            if fires[b, i] > 0:
                linked = True
    return linked


@_compiled
def lay_out(cells: int, is_open: int, many: int, depends: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    """Return the nodes of each unit, and how they hang on those of the unit before.

    A unit has a node for each cell and state of the open background that it or a unit before it depends on. Returns
    how many there are; of each the cell, the open shared background, and its node above; and below each node of a unit
    its nodes in the next: `child[u, child_begins[u, q] : child_begins[u, q + 1]]` hang on node q of unit u - 1.
    """
    units, most = len(depends), cells * many
    nodes = np.zeros(units, dtype=np.int64)
    cell_of, config = np.zeros((units, most), dtype=np.int64), np.zeros((units, most), dtype=np.int64)
    above, child = np.zeros((units, most), dtype=np.int64), np.zeros((units, most), dtype=np.int64)
    child_begins = np.zeros((units, most + 1), dtype=np.int64)
    place = np.zeros(most, dtype=np.int64)  # of cell and open background, in the unit before
    for u in range(units):
        for cell in range(cells):
            for k in range(many):
                if k & ~(is_open & depends[u]) == 0:
                    n = nodes[u]
                    cell_of[u, n], config[u, n] = cell, k
                    if u > 0:
                        above[u, n] = place[cell * many + (k & depends[u - 1])]
                        child_begins[u, above[u, n] + 1] += 1
                    nodes[u] = n + 1
        for q in range(most):
            child_begins[u, q + 1] += child_begins[u, q]
        filled = child_begins[u].copy()
        for n in range(nodes[u]):
            place[cell_of[u, n] * many + config[u, n]] = n
            child[u, filled[above[u, n]]] = n
            filled[above[u, n]] += 1
    return nodes, cell_of, config, above, child, child_begins


@_compiled
def read_case(
    lane: int,
    known: Floats,
    parent: Ints,
    effect: Floats,
    leak: Floats,
    no_leak: Floats,
    by_finding: Floats,
    of: Ints,
    no: Floats,
    yes: Floats,
    leaks: Floats,
    no_leaks: Floats,
    base: Floats,
) -> float:
    """Sort what is known of a case into findings that may be covered and a factor of each state.

    Returns the log of a constant factor.
    """
    log_constant = 0.0
    b = 0
    for f in range(len(known)):
        if np.isnan(known[f]):
            continue
        of_parent = known[parent[f]] if parent[f] >= 0 else 0.0
        if_not, if_so = cover(known[f], of_parent, effect[f])
        if if_so == if_not:
            log_constant += np.log(if_so)
        elif if_so == 0.0:
            log_constant += np.log(if_not * no_leak[f])
            for s in range(len(base)):
                base[s] *= by_finding[f, s]
        else:
            of[b, lane], no[b, lane], yes[b, lane] = f, if_not, if_so
            leaks[b, lane], no_leaks[b, lane] = leak[f], no_leak[f]
            b += 1
    return log_constant


@_compiled
def with_leak(stays: Floats, fires: Floats, leaks: Floats, no_leaks: Floats, bits: int, lanes: int) -> None:
    """Let the leak cover as well as a unit, in place."""
    for b in range(bits):
        for i in range(lanes):
            fires[b, i] = leaks[b, i] + no_leaks[b, i] * fires[b, i]
            stays[b, i] *= no_leaks[b, i]


@_compiled
def add_times(into: Floats, vectors: Floats, factor: Floats, size: int, lanes: int) -> None:
    """Add `vectors`, shape (size, lanes), times a factor a lane."""
    for c in range(size):
        for i in range(lanes):
            into[c, i] += vectors[c, i] * factor[i]


@_compiled
def four_states(
    four: Floats, prior: Floats, worth: Floats, after: Floats, posterior: Floats, size: int, lanes: int
) -> None:
    """Add what four states cover alone to `after`, each times its prior; and to their posteriors, prior times worth.

    Four at a time, so that `worth` and `after` are fetched once for all of them.
    """
    one, two, three, last = four[0], four[1], four[2], four[3]
    p1, p2, p3, p4 = prior[0], prior[1], prior[2], prior[3]
    found = np.zeros((4, lanes))
    for c in range(size):
        for i in range(lanes):
            after[c, i] += (one[c, i] * p1[i] + two[c, i] * p2[i]) + (three[c, i] * p3[i] + last[c, i] * p4[i])
        for i in range(lanes):
            found[0, i] += one[c, i] * worth[c, i]
            found[1, i] += two[c, i] * worth[c, i]
            found[2, i] += three[c, i] * worth[c, i]
            found[3, i] += last[c, i] * worth[c, i]
    for s in range(4):
        for i in range(lanes):
            posterior[s, i] += prior[s, i] * found[s, i]


@_compiled
def solve(
    order: Ints,
    shape: Ints,
    bits_of: Ints,
    lanes_of: Ints,
    known: Floats,
    parent: Ints,
    effect: Floats,
    leak: Floats,
    no_leak: Floats,
    absent: Floats,
    fired: Floats,
    by_finding: Floats,
    start: Ints,
    depends: Ints,
    pools: Floats,
    entry: Ints,
    mixture: Ints,
    cells_of: Ints,
    open_of: Ints,
    fixed_of: Ints,
    weights: Floats,
    member_begins: Ints,
    member_state: Ints,
    allowed: Floats,
    everyone: bool,
    joint: Floats,
    evidence: Floats,
    log_factor: Floats,
) -> None:
    """Write P(output present, evidence) of each case into `joint` and P(evidence) into `evidence`.

    Both without a factor whose log goes into `log_factor`, so that hundreds of absent findings do not underflow.

    `order` has cases of the same `shape` (cells, open background) and number of bits next to each other; these are
    computed side by side, up to `lanes_of` them. `depends` are the bits of the shared background that each unit or one
    before it depends on. `absent` and `fired`, shape (states, findings), are what each state does to a finding;
    `by_finding` is `absent` the other way round. `entry[u]` is where the tables of unit u begin in `pools` for a case,
    and `mixture` its pattern in what `mixtures` returns. `allowed` weighs every state. With `everyone` the set without
    any cause does not count. `member_state[member_begins[o] : member_begins[o + 1]]` are the states that output o sums.
    """
    units = len(start) - 1
    states, last = start[units], start[units - 1]
    many = weights.shape[2]
    done = 0
    bits, same = -1, -1
    while done < len(order):
        r = order[done]
        if bits_of[r] != bits or shape[r] != same:
            bits, same, most = bits_of[r], shape[r], lanes_of[r]
            size = 1 << bits
            m = mixture[r]
            nodes, cell_of, config, above, child, child_begins = lay_out(cells_of[m], open_of[m], many, depends)
            into_last = nodes[max(units - 2, 0)]  # the nodes that the last unit hangs on
            wide = nodes.max()
            of = np.empty((bits, most), dtype=np.int64)
            no, yes = np.empty((bits, most)), np.empty((bits, most))
            leaks, no_leaks = np.empty((bits, most)), np.empty((bits, most))
            stays, fires = np.empty((bits, most)), np.empty((bits, most))
            base = np.empty(states)
            prior = np.zeros((wide, states + 3, most))  # + 3: the last four states may be fewer
            posterior = np.zeros((states + 3, most))
            before = np.empty((units, wide, size, most))
            some, more = np.empty((wide, size, most)), np.empty((wide, size, most))
            worth, after = np.empty((wide, size, most)), np.empty((wide, size, most))
            vector = np.empty((size, most))
            four = np.zeros((4, size, most))
            sums = np.empty(most)
        lanes = 1
        while (
            lanes < most
            and done + lanes < len(order)
            and bits_of[order[done + lanes]] == bits
            and shape[order[done + lanes]] == same
        ):
            lanes += 1

        for i in range(lanes):
            r = order[done + i]
            m = mixture[r]
            base[:] = allowed
            log_factor[r] = read_case(
                i, known[r], parent, effect, leak, no_leak, by_finding, of, no, yes, leaks, no_leaks, base
            )
            for q in range(into_last):
                for s in range(last, states):
                    prior[q, s, i] = 0.0
            for u in range(units):
                width = start[u + 1] - start[u]
                for n in range(nodes[u]):
                    k = config[u, n] | (fixed_of[m] & depends[u])
                    at = entry[u, r] + (cell_of[u, n] * many + k) * width
                    if u < units - 1:
                        for s in range(width):
                            prior[n, start[u] + s, i] = pools[at + s] * base[start[u] + s]
                    else:  # the last: weighed, and summed over what no unit before it depends on
                        q = above[u, n] if units > 1 else n
                        w = weights[m, cell_of[u, n], k]
                        for s in range(width):
                            prior[q, last + s, i] += w * pools[at + s] * base[last + s]

        # forwards. before[u]: the distribution over C of the leak and all units before u; some: that of it which has at
        # least one cause present
        if units == 1:
            fires[:] = 0.0
            stays[:] = 1.0
            with_leak(stays, fires, leaks, no_leaks, bits, lanes)
            alone(vector, stays, fires, bits, lanes)
            for n in range(nodes[0]):
                before[0, n] = vector
                some[n] = 0.0
        else:
            before[1] = 0.0
            some[:] = 0.0
            for s in range(start[1]):
                fetch(stays, fires, absent[s], fired[s], of, bits, lanes)
                with_leak(stays, fires, leaks, no_leaks, bits, lanes)
                alone(vector, stays, fires, bits, lanes)
                for n in range(nodes[0]):
                    add_times(before[1, n], vector, prior[n, s], size, lanes)
                    if s > 0:
                        add_times(some[n], vector, prior[n, s], size, lanes)
        for u in range(1, units - 1):
            before[u + 1] = 0.0
            more[:] = 0.0
            for n in range(nodes[u]):
                add_times(before[u + 1, n], before[u, above[u, n]], prior[n, start[u]], size, lanes)
                add_times(more[n], some[above[u, n]], prior[n, start[u]], size, lanes)
            for s in range(start[u] + 1, start[u + 1]):
                linked = fetch(stays, fires, absent[s], fired[s], of, bits, lanes)
                for q in range(nodes[u - 1]):
                    vector[:] = before[u, q]
                    if linked:
                        spread(vector, stays, fires, bits, lanes)
                    for n in child[u, child_begins[u, q] : child_begins[u, q + 1]]:
                        add_times(before[u + 1, n], vector, prior[n, s], size, lanes)
                        add_times(more[n], vector, prior[n, s], size, lanes)
            some, more = more, some

        # the last unit, the largest. worth: of what it covers, given all before it; after: what all its states cover
        sums[:] = 0.0
        for q in range(into_last):
            worth[q] = before[units - 1, q]
            close(worth[q], no, yes, bits, lanes)
            after[q] = 0.0
            if everyone:
                close(some[q], no, yes, bits, lanes)
                for i in range(lanes):
                    sums[i] += prior[q, last, i] * some[q, 0, i]
        posterior[:] = 0.0
        for s in range(last, states, 4):
            for j in range(min(4, states - s)):
                fetch(stays, fires, absent[s + j], fired[s + j], of, bits, lanes)
                alone(four[j], stays, fires, bits, lanes)
            for q in range(into_last):
                four_states(four, prior[q, s : s + 4], worth[q], after[q], posterior[s : s + 4], size, lanes)
        for s in range(last + 1 if everyone else last, states):
            for i in range(lanes):
                sums[i] += posterior[s, i]
        for i in range(lanes):
            evidence[order[done + i]] = sums[i]

        # backwards. after[n]: what each C is worth after unit u, given all units after it
        for q in range(into_last):
            close(after[q], no, yes, bits, lanes)
        for u in range(units - 2, 0, -1):
            worth[:] = 0.0
            for s in range(start[u], start[u + 1]):
                linked = s > start[u] and fetch(stays, fires, absent[s], fired[s], of, bits, lanes)
                for q in range(nodes[u - 1]):
                    vector[:] = 0.0
                    for n in child[u, child_begins[u, q] : child_begins[u, q + 1]]:
                        add_times(vector, after[n], prior[n, s], size, lanes)
                    if linked:
                        spread_back(vector, stays, fires, bits, lanes)
                    for c in range(size):
                        for i in range(lanes):
                            worth[q, c, i] += vector[c, i]
                            posterior[s, i] += vector[c, i] * before[u, q, c, i]
            worth, after = after, worth
        for s in range(1, start[1] if units > 1 else 1):
            fetch(stays, fires, absent[s], fired[s], of, bits, lanes)
            with_leak(stays, fires, leaks, no_leaks, bits, lanes)
            alone(vector, stays, fires, bits, lanes)
            for n in range(nodes[0]):
                sums[:] = 0.0
                for c in range(size):
                    for i in range(lanes):
                        sums[i] += vector[c, i] * after[n, c, i]
                for i in range(lanes):
                    posterior[s, i] += prior[n, s, i] * sums[i]

        for o in range(len(member_begins) - 1):
            sums[:] = 0.0
            for j in range(member_begins[o], member_begins[o + 1]):
                for i in range(lanes):
                    sums[i] += posterior[member_state[j], i]
            for i in range(lanes):
                joint[order[done + i], o] = sums[i]
        done += lanes


@_compiled
def add_up(joint: Floats, evidence: Floats, coefficient: Floats, case: Ints, cases: int) -> tuple[Floats, Floats]:
    """Return the sums over the parts of each case, times their coefficients, in their order."""
    of_case, chance = np.zeros((cases, joint.shape[1])), np.zeros(cases)
    for j in range(len(case)):
        chance[case[j]] += coefficient[j] * evidence[j]
        for o in range(joint.shape[1]):
            of_case[case[j], o] += coefficient[j] * joint[j, o]
    return of_case, chance
