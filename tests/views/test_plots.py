"""The pictures: they show the library's own numbers, with units, and every word of them can be read."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from example import Data, finding, qmr_like, rich_data, small, solved
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colors, patches
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Annotation, Text
from strategies import evidence, networks

import hip_bayes as hb
from hip_bayes import Diagnosis, Network, Validation
from hip_bayes.errors import EvidenceError, HipBayesError, MissingExtraError, UnknownNameError
from hip_bayes.inference import in_words
from hip_bayes.inference.evidence import Case
from hip_bayes.network.parts import KINDS, SEXES
from hip_bayes.network.wording import factor, percent
from hip_bayes.views import network_picture, picture_style, plots
from hip_bayes.views.plots_of_validations import FEW_PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

mpl.use("agg")

FACTS = {
    "age": 46,
    "sex": "female",
    "lateral_pain": True,
    "pain_lying_on_side": True,
    "groin_pain": False,
    "clicking": 0.7,
    "training_spike": True,
    "onset": "gradual",
}
HOSTILE = r"$<script>_x^{2}$ \frac 100% "
PACKAGE = Path(hb.__file__).parent


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    """Leave no figure open, and change no setting."""
    before = mpl.rcParams.copy()
    yield
    plt.close("all")
    assert mpl.rcParams == before


@pytest.fixture(scope="module")
def d(shipped: Network) -> Diagnosis:
    return shipped.diagnose(FACTS)


@pytest.fixture(scope="module")
def of_rich(rich: Network) -> Diagnosis:
    return rich.diagnose(age=50, lateral_pain=True, night_pain=0.7, onset="sudden", fever=True)


@pytest.fixture(scope="module")
def v(rich: Network) -> Validation:
    return hb.validate(rich.simulate(80, seed=1), network=rich, bootstrap=30)


@pytest.fixture(scope="module")
def hostile() -> Network:
    """Return the rich example with names that mean something to mathtext, TeX or HTML."""
    data = rich_data()
    for section in ("causes", "background", "findings", "groups", "red_flags"):
        for id_, part in data[section].items():
            part["name"] = HOSTILE + id_
    data["network"]["name"] = HOSTILE
    return solved(data)


def pictures(d: Diagnosis, v: Validation) -> dict[str, Callable[[Axes | None], Axes]]:
    """Return one call of every function, with what has a name in the network of `d`."""
    net, first = d.network, d.ranking[0]
    return {
        "posterior": lambda ax: plots.posterior(d, draws=20, ax=ax),
        "before_after": lambda ax: plots.before_after(d, night_pain=True, lateral_pain=None, ax=ax),
        "explanation": lambda ax: plots.explanation(d, first, ax=ax),
        "tornado": lambda ax: plots.tornado(d, ax=ax),
        "network": lambda ax: plots.network(net, ax=ax),
        "network, a cause": lambda ax: plots.network(net, highlight=first, ax=ax),
        "network, a case": lambda ax: plots.network(net, case=d, ax=ax),
        "network, both": lambda ax: plots.network(net, highlight=first, case=d, ax=ax),
        "findings": lambda ax: plots.findings(net, list(net.causes)[:3], list(net.findings)[:3], ax=ax),
        "priors": lambda ax: plots.priors(net, ax=ax),
        "calibration": lambda ax: plots.calibration(v, ax=ax),
        "decision_curve": lambda ax: plots.decision_curve(v, "tendon", ax=ax),
    }


NAMES = (
    "posterior",
    "before_after",
    "explanation",
    "tornado",
    "network",
    "network, a cause",
    "network, a case",
    "network, both",
    "findings",
    "priors",
    "calibration",
    "decision_curve",
)


def axis_labels(ax: Axes) -> list[list[Text]]:
    """Return the tick labels that are drawn, a list an axis."""
    lists = []
    for axis, (low, high) in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
        margin = 1e-9 * (high - low)
        lists.append(
            [
                t.label1
                for t in axis.get_major_ticks()
                if low - margin <= t.get_loc() <= high + margin and t.label1.get_visible()
            ]
        )
        lists.append(
            [
                t.label2
                for t in axis.get_major_ticks()
                if low - margin <= t.get_loc() <= high + margin and t.label2.get_visible()
            ]
        )
    return [[label for label in labels if label.get_text()] for labels in lists] if ax.axison else []


def words(ax: Axes) -> list[Text]:
    """Return every text that is drawn."""
    found: list[Text] = []
    for part in [*ax.figure.axes, *ax.child_axes]:
        assert isinstance(part, Axes) or part in ax.child_axes
        found += [label for labels in axis_labels(part) for label in labels]
        titles = (t for t in part.get_children() if isinstance(t, Text) and t not in part.texts)
        found += [*titles, *part.texts, *((part.xaxis.label, part.yaxis.label) if part.axison else ())]
        legend = part.get_legend()
        found += legend.get_texts() if legend else []
    return [text for text in dict.fromkeys(found) if text.get_text()]


def said(ax: Axes) -> str:
    """Return every text that is drawn as one string, without line breaks."""
    return " | ".join(flat(text) for text in words(ax))


def flat(text: Text) -> str:
    """Return what a text says in one line."""
    return " ".join(text.get_text().split()).replace("- ", "-")


def boxes(texts: list[Text]) -> list[tuple[str, np.ndarray]]:
    """Return the text and corners (x0, y0, x1, y1) of each, a little smaller: a line of text has air around it."""
    found = []
    for text in texts:
        box = text.get_window_extent()
        found.append(
            (
                text.get_text(),
                np.array([box.x0 + 1, box.y0 + 0.12 * box.height, box.x1 - 1, box.y1 - 0.12 * box.height]),
            )
        )
    return found


def check_readable(ax: Axes) -> None:
    """Nothing is cut, nothing overlaps, nothing is tiny."""
    ax.figure.canvas.draw()
    width, height = ax.figure.bbox.size
    for text, (x0, y0, x1, y1) in boxes(words(ax)):
        assert x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height, text  # noqa: PT018
    groups = [*axis_labels(ax), list(ax.texts), [t for t in words(ax) if t not in ax.texts]]
    for group in groups:
        for (one, a), (other, b) in itertools.combinations(boxes([t for t in group if t.get_text()]), 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other)
    assert min(text.get_fontsize() for text in words(ax)) >= 6.4


def gauges(ax: Axes, *, colour: str = picture_style.BLUE) -> list[patches.Rectangle]:
    """Return the filled rectangles of that colour, in the order they were drawn."""
    want = colors.to_rgb(colour)
    return [
        p
        for p in ax.patches
        if isinstance(p, patches.Rectangle) and colors.to_rgb(p.get_facecolor()) == want and p.get_fill()
    ]


# All of them.


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_every_word_of_a_picture_can_be_read(of_rich: Diagnosis, v: Validation, name: str, style: str) -> None:
    """In a new figure and in one of half its size: nothing cut, nothing over another, nothing tiny."""
    draw = pictures(of_rich, v)[name]
    with plt.style.context(style):
        ax = draw(None)
        check_readable(ax)
        half = plt.subplots(figsize=ax.figure.get_size_inches() / 2, layout="constrained")[1]
        if name.startswith("network"):  # half of a picture with so few rows leaves no room for even these
            half.figure.set_size_inches(6, 3)
        assert draw(half) is half
        check_readable(half)


@pytest.mark.parametrize(
    ("name", "half"),
    [(name, half) for name in NAMES[:10] for half in (False, True) if (name, half) != ("tornado", True)],
)
def test_pictures_of_the_shipped_network_can_be_read(d: Diagnosis, v: Validation, name: str, half: bool) -> None:  # noqa: FBT001
    draw = pictures(d, v)[name]
    ax = draw(None)
    if half:
        ax = draw(plt.subplots(figsize=ax.figure.get_size_inches() / 2, layout="constrained")[1])
    check_readable(ax)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_goes_into_the_axes_it_is_given(of_rich: Diagnosis, v: Validation, name: str) -> None:
    """Without a figure of its own, and without showing it."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(16, 6), layout="constrained")
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: shown.append("shown"))
        assert pictures(of_rich, v)[name](right) is right

    assert plt.get_fignums() == [figure.number]
    assert not left.has_data()
    assert right.has_data()
    assert shown == []


@pytest.mark.parametrize("name", NAMES)
def test_names_are_drawn_as_they_stand(hostile: Network, name: str) -> None:
    """No dollar sign starts a formula, no underscore a subscript, whatever is drawn."""
    of_hostile = hostile.diagnose(age=50, lateral_pain=True, night_pain=0.7)
    cases = hostile.simulate(20, seed=1)
    ax = pictures(of_hostile, hb.validate(cases, network=hostile, bootstrap=0))[name](None)
    ax.figure.canvas.draw()

    assert HOSTILE.split(maxsplit=1)[0] in said(ax)
    assert not any(text.get_parse_math() for text in words(ax) if "$" in text.get_text())


@pytest.mark.parametrize("name", NAMES)
def test_words_take_the_colour_of_the_axes(of_rich: Diagnosis, v: Validation, name: str) -> None:
    """Axes of a dark style keep light words when the style is no longer in force."""
    with plt.style.context("dark_background"):
        ax = plt.subplots(figsize=(12, 8), layout="constrained")[1]
    pictures(of_rich, v)[name](ax)

    for text in words(ax):
        colour = colors.to_rgb(text.get_color())
        inside_a_cell = name == "findings" and text in ax.texts
        assert inside_a_cell or colour in (colors.to_rgb("white"), colors.to_rgb(picture_style.RED)), text.get_text()


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("posterior", ["probability (%)", "90% interval", "before (age alone)"]),
        ("before_after", ["probability (%)", "before", "after"]),
        ("explanation", ["log odds", "probability (%)"]),
        ("tornado", ["probability (%)", "low end", "high end"]),
        ("network", ["Background", "Causes", "Findings", "History"]),
        ("findings", ["P(finding | this cause alone), %", "leak"]),
        ("priors", ["age (years)", "prior probability (%)", "women", "men"]),
        ("calibration", ["predicted probability (%)", "observed share (%)", "95% interval", "pairs of case and cause"]),
        ("decision_curve", ["threshold probability (%)", "net benefit", "act on everybody", "act on nobody"]),
    ],
)
def test_axes_say_what_they_show_and_in_which_unit(
    of_rich: Diagnosis, v: Validation, name: str, units: list[str]
) -> None:
    text = said(pictures(of_rich, v)[name](None))

    assert [unit for unit in units if unit not in text] == []


def test_an_axis_of_probabilities_is_numbered_in_per_cent(of_rich: Diagnosis, v: Validation) -> None:
    """As its label says."""
    both = plots.calibration(v)
    for axis in (plots.posterior(of_rich, level=None).xaxis, plots.tornado(of_rich).xaxis, both.xaxis, both.yaxis):
        ticks = [(tick.get_loc(), tick.label1.get_text()) for tick in axis.get_major_ticks()]
        assert len(ticks) > 1
        assert [float(label) for _, label in ticks] == pytest.approx([100 * at for at, _ in ticks])


@pytest.mark.parametrize("name", ["posterior", "before_after", "explanation", "tornado", "network, a case"])
def test_urgency_comes_first(of_rich: Diagnosis, v: Validation, name: str) -> None:
    ax = pictures(of_rich, v)[name](None)

    assert of_rich.triage.level == "urgent"
    assert ax.get_title(loc="left").startswith("URGENT: have this assessed today\n")


@settings(max_examples=5)
@given(drawn=st.data(), data=networks())
def test_any_network_and_any_evidence_can_be_drawn(drawn: st.DataObject, data: Data) -> None:
    """Subtypes, signs, chains of findings, soft evidence, unknown age or sex, nobody with a cause: no warning."""
    net = solved(data)
    d = net.diagnose(drawn.draw(evidence(data)))
    plots.posterior(d, level=None)
    plots.explanation(d, "c0")
    plots.network(net, highlight="c0", case=d).figure.canvas.draw()
    plots.priors(net)
    try:
        plots.findings(net)
    except EvidenceError:
        assert all(f.sign_of(net.background) for f in net.findings.values())
    plt.close("all")


# Each of them.


def test_posterior_shows_the_probabilities_their_intervals_and_what_was_before(d: Diagnosis) -> None:
    ax = plots.posterior(d, level=0.8, draws=25)
    between = d.intervals(0.8, draws=25)
    before = d.network.engine.posterior(Case(sex="female", age=46, band="40-49")).probability

    assert [bar.get_width() for bar in ax.patches] == d.posterior.tolist()
    assert [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == pytest.approx(range(12))
    [whiskers] = ax.collections
    ends = [segment[:, 0].tolist() for segment in whiskers.get_segments()]
    assert ends == between[["low", "high"]].to_numpy().tolist()
    assert list(ax.lines[-1].get_xdata()) == [before[c] for c in d.ranking]
    assert [flat(t) for t in ax.get_yticklabels()] == [d.network.name_of(c) for c in d.ranking]
    assert [t.get_text().partition(" ")[0] for t in ax.texts] == [percent(d[c]) for c in d.ranking]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_posterior_of_the_first_few_without_intervals(d: Diagnosis) -> None:
    ax = plots.posterior(d, level=None, k=2)

    assert [bar.get_width() for bar in ax.patches] == d.posterior.tolist()[:2]
    assert not ax.collections
    assert "interval" not in said(ax)


def test_posterior_where_nothing_is_known_says_so(rich: Network) -> None:
    assert "Known: nothing" in said(plots.posterior(rich.diagnose(), level=None))
    assert "before" not in said(plots.posterior(rich.diagnose(age=40, sex="male"), level=None))
    assert "before (nothing known)" in said(plots.posterior(rich.diagnose(lateral_pain=True), level=None))
    assert "nothing is known yet" in said(plots.explanation(rich.diagnose(), "tendon"))


def test_a_network_too_large_to_list_is_drawn_too() -> None:
    large = solved(qmr_like(40, 60, 1)).diagnose(f1=True)
    ax = plots.posterior(large, level=None, k=5)

    assert [bar.get_width() for bar in ax.patches] == large.posterior.tolist()[:5]
    plots.network(large.network, case=large)
    plots.findings(large.network, ["c1"], ["f1", "f2"])


def test_before_after_shows_both(d: Diagnosis) -> None:
    ax = plots.before_after(d, {"groin_pain": True}, clicking=None, night_pain=0.6)
    after = d.given(groin_pain=True, clicking=None, night_pain=0.6)

    assert list(ax.lines[0].get_xdata()) == [d[c] for c in after.ranking]
    assert list(ax.lines[1].get_xdata()) == [after[c] for c in after.ranking]
    assert [line.get_label() for line in ax.lines[:2]] == ["before", "after"]
    assert [t.get_text() for t in ax.texts] == [f"{percent(d[c])} → {percent(after[c])}" for c in after.ranking]
    title = "Then said: Groin pain: yes, Pain at night: 60% sure, Clicking: no longer known"
    assert " ".join(ax.get_title(loc="left").split()) in (title, f"SOON: have this assessed within days {title}")
    assert "nothing new" in plots.before_after(d, groin_pain=False).get_title(loc="left")
    with_flag = plots.before_after(d.given(fever=False), fever=None, sex=None, trauma=True).get_title(loc="left")
    assert "Fever: no longer known" in with_flag
    assert "sex: no longer known" in with_flag
    assert "Trauma: yes" in with_flag


@pytest.mark.parametrize("of", ["gtps", "femoral_neck", "muscle_strain"], ids=["a cause", "a subtype", "a group"])
def test_explanation_leads_from_the_prior_to_the_posterior(d: Diagnosis, of: str) -> None:
    ax = plots.explanation(d, of, k=None)
    table = d.explain(of)

    assert [bar.get_width() for bar in ax.patches] == pytest.approx(table["contribution"].tolist())
    starts = table.attrs["log_odds_prior"] + np.cumsum([0, *table["contribution"]])
    moves = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert [sorted(move) for move in moves] == [pytest.approx(sorted(pair)) for pair in itertools.pairwise(starts)]
    assert list(ax.lines[0].get_xdata()) == pytest.approx([starts[0], table.attrs["log_odds_posterior"]])
    signs = [colors.to_hex(bar.get_facecolor()).upper() for bar in ax.patches]
    assert signs == [picture_style.BLUE if x > 0 else picture_style.RED for x in table["contribution"]]
    assert {picture_style.BLUE, picture_style.RED} == set(signs)
    assert [t.get_text() for t in ax.texts] == [factor(x).removeprefix("odds ") for x in table["contribution"]]
    labels = [flat(t) for t in ax.get_yticklabels()]
    assert labels[0] == f"nothing known: {percent(table.attrs['prior'])}"
    assert labels[-1] == f"all of it: {percent(d[of])}"
    assert "Onset: gradual" in labels
    assert "Clicking: 70% sure" in labels


def test_explanation_folds_a_long_list(d: Diagnosis) -> None:
    """But not a list of one."""
    table = d.explain("gtps")
    ax = plots.explanation(d, "gtps", k=3)

    assert ax.patches[-1].get_width() == pytest.approx(table["contribution"][3:].sum())
    assert f"{len(table) - 3} smaller ones" in said(ax)
    assert "smaller" not in said(plots.explanation(d, "gtps", k=len(table) - 1))


def test_the_upper_axis_of_an_explanation_has_the_same_as_a_probability(d: Diagnosis) -> None:
    [above] = plots.explanation(d, "gtps").child_axes
    at = 100 / (1 + np.exp(-np.array(above.get_xticks())))

    assert [float(t.get_text()) for t in above.get_xticklabels()] == pytest.approx(at.tolist())


def test_explanation_far_from_any_round_probability() -> None:
    """The upper axis says where it is."""
    d = solved(small({"rare": 1e-7, "other": 0.9}, {"f": finding(0.1, {"rare": 0.2})})).diagnose(f=True)
    [above] = plots.explanation(d, "rare").child_axes

    assert [float(t.get_text()) for t in above.get_xticklabels()] == pytest.approx(
        [100 / (1 + np.exp(-x)) for x in above.get_xticks()], rel=1e-5
    )


def test_explanation_without_evidence(rich: Network) -> None:
    ax = plots.explanation(rich.diagnose(), "bone")

    assert not ax.patches
    check_readable(ax)


def test_tornado_moves_the_widest_numbers(of_rich: Diagnosis) -> None:
    ax = plots.tornado(of_rich, "neck", k=4)
    table = of_rich.sensitivity("neck")[:4]

    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert [bar.get_x() for bar in ax.patches] == [of_rich["neck"]] * 8
    assert ends == pytest.approx([*table["p_low"], *table["p_high"]])
    drawn = [(bars.get_label(), list(bars)) for bars in ax.containers]
    low, high = (f"the number at its {end} end" for end in ("low", "high"))
    assert drawn == [(low, ax.patches[:4]), (high, ax.patches[4:])]
    is_p = table["what"].str.startswith("P(")
    assert is_p.any()
    said_ends = [
        percent(x) if p else f"{x:.3g}" for end in ("low", "high") for x, p in zip(table[end], is_p, strict=True)
    ]
    assert [t.get_text() for t in ax.texts] == said_ends
    labels = [flat(t).removesuffix(" *") for t in ax.get_yticklabels()]
    assert labels == table["what"].tolist()
    stars = [t.get_text().endswith("*") for t in ax.get_yticklabels()]
    assert stars == table["within_interval"].tolist()
    assert ("another cause would lead" in said(ax)) == any(stars)


def test_tornado_follows_the_leading_cause(of_rich: Diagnosis) -> None:
    assert of_rich.network.name_of(of_rich.ranking[0]) in plots.tornado(of_rich).get_title(loc="left")


def test_network_names_everything(shipped: Network) -> None:
    text = said(plots.network(shipped))
    parts = [*shipped.causes.values(), *shipped.background.values(), *shipped.findings.values()]

    assert [part.name for part in parts if part.name not in text] == []
    assert all(kind.capitalize() in text for kind in KINDS)


def test_network_gauges_how_likely_a_cause_alone_makes_each_finding(rich: Network) -> None:
    ax = plots.network(rich, highlight="tendon")
    outlines = [p for p in ax.patches if not p.get_fill() or colors.to_rgba(p.get_facecolor())[3] == 0]
    full = outlines[-1].get_width()

    assert [g.get_width() / full for g in gauges(ax)] == pytest.approx([0.93, 0.55, 0.2])


def test_network_shows_what_is_known_and_how_likely_each_cause_is(of_rich: Diagnosis) -> None:
    net = of_rich.network
    ax = plots.network(net, case=of_rich)
    outlines = [p for p in ax.patches if colors.to_rgba(p.get_facecolor())[3] == 0]

    shares = [g.get_width() / outlines[0].get_width() for g in gauges(ax)]
    assert shares == pytest.approx([of_rich[c] for c in net.causes])
    text = said(ax)
    assert all(percent(of_rich[c]) in text for c in net.causes)
    assert "Pain on the outside of the hip: yes" in text
    assert "Pain at night: 70% sure" in text
    assert "A finding: sudden" in text


def test_network_marks_what_is_present_absent_and_unsure(rich: Network) -> None:
    """A filled square, a crossed empty one, a half filled one; of what is not known only a dot."""
    ax = plots.network(rich, case=rich.diagnose(lateral_pain=True, night_pain=0.7, onset="gradual"))
    face, fill = colors.to_rgba(ax.get_facecolor()), colors.to_rgba(picture_style.RED)
    at: dict[str, list[tuple[Any, ...]]] = {}
    for line in ax.lines:
        [x], [y] = line.get_data()
        label = min((t for t in ax.texts if t.get_position()[1] == y), key=lambda t: abs(t.get_position()[0] - x))
        inside = colors.to_rgba(line.get_markerfacecolor()) if line.get_marker() == "s" else ()
        at.setdefault(flat(label), []).append((line.get_marker(), line.get_fillstyle(), inside))

    assert at["Pain on the outside of the hip: yes"] == [("s", "full", fill)]
    assert at["A finding: gradual"] == [("s", "full", face), ("x", "full", ())]
    assert at["Pain at night: 70% sure"] == [("s", "full", face), ("s", "left", fill)]
    assert [mark for mark, *_ in at[rich.name_of("weak_muscles")]] == ["."]


def test_network_draws_an_arc_where_a_cause_makes_another_likelier(shipped: Network) -> None:
    """To the left of the causes, from one to the other, the wider the further the odds ratio is from 1."""
    ratios = {
        (of, c): ratio.value
        for c, cause in shipped.causes.items()
        for of, ratio in cause.odds_ratios.items()
        if of in shipped.causes
    }
    assert ratios
    ax = plots.network(shipped)
    [lines] = ax.collections
    outlines = [p for p in ax.patches if colors.to_rgba(p.get_facecolor())[3] == 0]
    middle = {id_: p.get_y() + p.get_height() / 2 for id_, p in zip(shipped.causes, outlines, strict=True)}
    x = outlines[0].get_x()
    arcs = {}
    for line, width in zip(lines.get_segments(), lines.get_linewidths(), strict=True):
        if line[[0, -1], 0] == pytest.approx([x, x]):
            start, end = (min(middle, key=lambda c: abs(middle[c] - y)) for y in line[[0, -1], 1])
            arcs[start, end] = width
            assert line[[0, -1], 1] == pytest.approx([middle[start], middle[end]])
            assert line[1:-1, 0].max() < x

    assert arcs == pytest.approx({pair: 0.4 + 0.9 * abs(np.log(ratio)) for pair, ratio in ratios.items()})


def test_network_draws_the_links_of_the_highlighted_cause_alone(rich: Network) -> None:
    """To the two findings it has a link to and from its one background factor; the other cause's are left out."""
    [lines] = plots.network(rich, highlight="tendon").collections

    assert len(lines.get_segments()) == 3
    links = rich.engine.links
    widths = sorted(lines.get_linewidths())
    strength = [-np.expm1(links[f].log_no_link["tendon"]) for f in ("lateral_pain", "night_pain")]
    expected = [0.4 + 0.9 * np.log(2.0), *(0.2 + 2 * link for link in strength)]
    assert widths == pytest.approx(sorted(expected))


def test_a_small_picture_of_a_network_has_what_matters_most(d: Diagnosis) -> None:
    """What is known, then the strongest links; and it says how many it leaves out."""
    ax = plots.network(d.network, case=d, ax=plt.subplots(figsize=(6, 4.5), layout="constrained")[1])
    text = said(ax)

    assert all(d.network.findings[f].name in text for f in d.case.findings)
    assert " with weaker links" in text
    assert "Shin pain" not in text


def test_a_small_picture_of_a_network_says_how_much_it_hides_of_what_is_known(shipped: Network) -> None:
    asked = [f.id for f in shipped.findings.values() if f.sex is None][:60]
    case = shipped.diagnose(dict.fromkeys(asked, False))
    ax = plots.network(shipped, case=case, ax=plt.subplots(figsize=(6, 4.5), layout="constrained")[1])
    drawn = [
        text for text in map(flat, ax.texts) if text in {in_words.said(shipped, f, case.evidence[f]) for f in asked}
    ]

    assert 10 < len(drawn) < 60
    assert f"and {len(shipped.findings) - len(drawn)} more, {60 - len(drawn)} known" in said(ax)


def test_signs_are_tied_to_their_background() -> None:
    data = small({"a": 0.6, "other": 0.5}, {"f": finding(0.1, {"a": 0.5})}, everyone=True)
    data["background"] = {
        "b": {"name": "A factor", "question": "Is it?", "prevalence": {"all": data["causes"]["a"]["prior"]["all"]}}
    }
    data["findings"]["s"] = {**finding(0.1, {"b": 0.9}), "name": "A sign"}
    net = solved(data)

    [lines] = plots.network(net).collections
    assert list(lines.get_linewidths()) == pytest.approx([0.2 - 2 * np.expm1(net.engine.links["s"].log_no_link["b"])])
    assert "A sign" in said(plots.network(net, highlight="a"))
    assert [t.get_text() for t in plots.findings(net).get_yticklabels()] == ["History", "A finding"]
    with pytest.raises(EvidenceError, match="'s' is a sign of 'b' and has no link to a cause"):
        plots.findings(net, findings=["s"])


@settings(max_examples=60)
@given(data=networks())
def test_a_cause_alone_makes_a_finding_as_likely_as_the_joint_distribution_says(data: Data) -> None:
    """P(finding | this cause alone), against the state in which no other cause is present."""
    net = solved(data)
    listed = net.engine.enumeration
    shape = [len(net.causes[c].states) for c in listed.causes]
    for f, part in net.findings.items():
        if part.sign_of(net.background):
            continue
        table = listed.predicted(f, {}).reshape(shape)
        for c, cause in net.causes.items():
            shares = [s.share.p for s in cause.subtypes.values()] or [1.0]
            at: list[int | slice] = [0] * len(shape)
            at[listed.causes.index(c)] = slice(1, None)
            assert network_picture.alone(net, f, c) == pytest.approx(float(np.dot(shares, table[tuple(at)])), abs=1e-12)


def test_findings_shows_the_table_with_kinds_apart_and_the_leak_beside(shipped: Network) -> None:
    causes, asked = ["gtps", "stress_fracture"], ["mri_bone_stress", "lateral_pain", "hop_test"]
    asked = [f for f in asked if f in shipped.findings]
    ax = plots.findings(shipped, causes, asked)
    table = np.ma.filled(ax.images[0].get_array(), np.nan)
    names = [t.get_text() for t in ax.get_yticklabels()]

    row = names.index("Pain on the outside of the hip")
    fracture = {s.id: s.share.p for s in shipped.causes["stress_fracture"].subtypes.values()}
    given = shipped.findings["lateral_pain"].given
    mixed = sum(share * given[s].p for s, share in fracture.items())
    assert table[row].tolist() == pytest.approx([given["gtps"].p, mixed, shipped.findings["lateral_pain"].leak.p])
    assert names[0] == "History"
    assert names.index("Imaging") > row
    assert np.isnan(table[0]).all()
    assert [t.get_text() for t in ax.texts[:3]] == [f"{100 * p:.0f}" for p in table[1]]
    assert f"{100 * mixed:.0f}" in [t.get_text() for t in ax.texts]
    assert [flat(t) for t in ax.get_xticklabels()] == [*(shipped.name_of(c) for c in causes), "leak"]
    assert ax.images[0].get_clim() == (0, 1)


def test_a_table_too_large_for_its_figure_has_a_scale_instead_of_numbers(shipped: Network) -> None:
    ax = plots.findings(shipped, ax=plt.subplots(figsize=(6, 5), layout="constrained")[1])

    assert not ax.texts
    assert [t.get_text() for t in ax.get_yticklabels()] == ["History", "Examination", "Imaging"]
    assert ax.figure.axes[-1].get_ylabel() == "probability (%)"


def test_priors_are_those_of_the_network(shipped: Network) -> None:
    causes = ["gtps", "fai"]
    ax = plots.priors(shipped, causes)
    solid = [line for line in ax.lines if len(line.get_xdata()) == len(shipped.bands)]

    want = [[n.p for n in shipped.causes[c].prior[sex].values()] for c in causes for sex in SEXES]
    assert [list(line.get_ydata()) for line in solid] == want
    assert {t.get_text() for t in ax.texts} == {"women", "men", *(shipped.name_of(c) for c in causes)}
    at = {t.get_text(): t.xy[0] for t in ax.texts if isinstance(t, Annotation)}
    assert [at["women"], at["men"]] == [line.get_xdata()[0] for line in solid[:2]]
    for c, line in zip(causes, solid[1::2], strict=True):  # its marker stands beside its name
        [leader] = [
            other
            for other in ax.lines
            if other.get_markevery() == [1]
            and other.get_xdata()[1] == at[shipped.name_of(c)]
            and other.get_ydata()[0] == line.get_ydata()[-1]
        ]
        assert (leader.get_marker(), leader.get_color()) == (line.get_marker(), line.get_color())
    assert [t.get_text() for t in ax.get_xticklabels()] == [*shipped.bands, *shipped.bands]


def test_calibration_is_that_of_the_validation(v: Validation) -> None:
    ax = plots.calibration(v)
    curve = v.calibration_curve

    assert list(ax.lines[0].get_xdata()) == list(ax.lines[0].get_ydata()) == [0, 1]
    few = curve["n"] < FEW_PAIRS
    assert few.any()
    assert not few.all()
    assert list(ax.lines[1].get_xdata()) == curve["predicted"].tolist()
    assert ax.lines[1].get_ydata()[~few].tolist() == curve["observed"][~few].tolist()
    assert np.isnan(ax.lines[1].get_ydata()[few]).all()
    assert ax.lines[2].get_ydata().tolist() == curve["observed"][few].tolist()
    assert ax.lines[2].get_linestyle() == "None"
    assert f"fewer than {FEW_PAIRS} pairs" in said(ax)
    ends = [segment[:, 1].tolist() for segment in ax.collections[0].get_segments()]
    assert ends == curve[["low", "high"]].to_numpy().tolist()
    [above] = ax.child_axes
    assert [int(t.get_text()) for t in above.get_xticklabels()] == curve["n"].tolist()


def test_decision_curve_is_that_of_the_validation(v: Validation) -> None:
    ax = plots.decision_curve(v, "bone")
    curve = v.decision_curve("bone")

    highest = v.probability["bone"].max()  # from thresholds above it nobody is acted on
    assert curve.loc[curve.index > highest, "net_benefit"].eq(0).all()
    curve = curve[curve.index <= highest]
    for line, column in zip(ax.lines, ("net_benefit", "treat_all", "treat_none"), strict=True):
        assert list(line.get_xdata()) == curve.index.tolist()
        assert list(line.get_ydata()) == curve[column].tolist()
    assert ax.get_ylim()[0] < 0 < curve["net_benefit"].max() < ax.get_ylim()[1]


def test_a_validation_without_intervals_has_none_drawn(rich: Network) -> None:
    bare = hb.validate(rich.simulate(30, seed=2), network=rich, bootstrap=0)

    assert not plots.calibration(bare).collections
    assert not plots.decision_curve(bare, "bone").collections


# Refusals.


@pytest.mark.parametrize("k", [0, -1, True, 2.0, "3"])
def test_k_is_a_number_of_things(of_rich: Diagnosis, k: object) -> None:
    for draw in (plots.posterior, plots.tornado):
        with pytest.raises(EvidenceError, match=r"k is .*; allowed: a whole number, 1 or more, or None"):
            draw(of_rich, k=k)  # type: ignore[operator]
    with pytest.raises(EvidenceError, match="k is "):
        plots.explanation(of_rich, "bone", k=k)  # type: ignore[arg-type]


def test_unknown_names_are_refused_before_anything_is_drawn(of_rich: Diagnosis, v: Validation) -> None:
    net = of_rich.network
    with pytest.raises(UnknownNameError, match="did you mean 'tendon'"):
        plots.network(net, highlight="tenden")
    with pytest.raises(UnknownNameError, match="did you mean 'tendon'"):
        plots.priors(net, ["tenden"])
    with pytest.raises(UnknownNameError, match="unknown finding 'lateral_pian'; did you mean 'lateral_pain'"):
        plots.findings(net, findings=["lateral_pian"])
    with pytest.raises(UnknownNameError, match="did you mean 'lateral_pain'"):
        plots.before_after(of_rich, lateral_pian=True)
    with pytest.raises(UnknownNameError, match="unknown cause"):
        plots.explanation(of_rich, "nothing")
    with pytest.raises(UnknownNameError, match="unknown cause"):
        plots.tornado(of_rich, "nothing")
    with pytest.raises(UnknownNameError, match="unknown cause"):
        plots.decision_curve(v, "nothing")
    with pytest.raises(EvidenceError, match="no cause is named, so there is nothing to draw; None draws all"):
        plots.priors(net, [])
    assert plt.get_fignums() == []


def test_a_case_of_another_network_is_refused(d: Diagnosis, rich: Network) -> None:
    with pytest.raises(EvidenceError, match="case is no result of this network"):
        plots.network(rich, case=d)


@pytest.mark.parametrize("ax", ["figure", np.array([1, 2])])
def test_what_is_no_axes_is_refused(of_rich: Diagnosis, v: Validation, ax: Any) -> None:  # noqa: ANN401
    for draw in pictures(of_rich, v).values():
        with pytest.raises(EvidenceError, match=r"^ax is .*; allowed: one matplotlib Axes"):
            draw(ax)
    assert plt.get_fignums() == []


def test_what_are_no_names_is_refused(of_rich: Diagnosis) -> None:
    net: Any = of_rich.network
    with pytest.raises(EvidenceError, match="causes is 5; allowed: a name or a list of names"):
        plots.priors(net, 5)  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match=r"findings is .*; allowed: a name or a list of names"):
        plots.findings(net, findings=[["lateral_pain"]])  # type: ignore[list-item]
    with pytest.raises(EvidenceError, match="case is no result of this network"):
        plots.network(net, case="x")  # type: ignore[arg-type]


def test_without_matplotlib_one_sentence_says_what_to_install(
    of_rich: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    sentence = r"^plots need matplotlib, which is not installed; pip install 'hip-bayes\[plots\]'$"
    with pytest.raises(MissingExtraError, match=sentence) as e:
        plots.posterior(of_rich, level=None)
    assert isinstance(e.value, ImportError)
    assert isinstance(e.value, HipBayesError)


def test_matplotlib_is_loaded_by_the_first_picture_only() -> None:
    program = "import sys, hip_bayes, hip_bayes.views.plots; print({'matplotlib', 'pandas'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment)

    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_a_case_stays_in_sight_where_a_cause_is_highlighted() -> None:
    """What is known is drawn, bold and dark, though the cause has hardly a link to it."""
    net = hb.load_network()
    d = net.diagnose(age=46, sex="female", lateral_pain=True, onset="gradual", clicking=0.7, groin_pain=False)
    ax = plots.network(net, case=d, highlight="stress_fracture")
    shown = {text.get_text(): text for text in ax.texts}

    for id_ in d.case.findings:
        known = shown[in_words.said(net, id_, d.evidence[id_])]
        assert known.get_alpha() in (None, 1.0)
        assert known.get_fontweight() == "bold"
    assert {text.get_alpha() for text in ax.texts} <= {None, 1.0, 0.6}  # black of that on white: 5.7 to 1


def test_what_is_urgent_is_dark_enough_in_every_line(rich: Network) -> None:
    """Contrast 4.5 to 1 or more, on white and on black."""
    d = rich.diagnose(fever=True, lateral_pain=True)

    def luminance(colour: Any) -> float:  # noqa: ANN401 whatever matplotlib takes for a colour
        parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in colors.to_rgb(colour)]
        return float(np.dot([0.2126, 0.7152, 0.0722], parts))

    for style, paper in (("default", 1.0), ("dark_background", 0.0)):
        with plt.style.context(style):
            ax = plots.posterior(d, level=None)
            title = next(t for t in (ax.get_title(loc=side) for side in ("left", "center")) if t)
            assert title.startswith("URGENT")
            words = luminance(ax._left_title.get_color())  # noqa: SLF001 the only way to a title's colour
            assert (max(words, paper) + 0.05) / (min(words, paper) + 0.05) >= 4.5


def test_a_title_names_ten_facts_and_counts_the_rest() -> None:
    net = hb.load_network()
    ids = [f.id for f in net.findings.values() if f.sex is None and f.kind == "history"][:14]
    ax = plots.posterior(net.diagnose(dict.fromkeys(ids, False)), level=None)

    assert " ".join(said(ax).split()).count("and 4 more") == 1


def test_labels_of_two_lines_are_further_apart(rich: Network) -> None:
    """A figure of its own is higher where names are longer."""
    long = rich.replace(
        {"causes.tendon.name": "A tendon pain with a name so long that it takes two lines or even three"}
    )
    heights = [plots.posterior(n.diagnose(), level=None).figure.get_figheight() for n in (rich, long)]

    assert heights[1] >= heights[0]
    many = hb.load_network()
    ax = plots.posterior(many.diagnose(), level=None)
    ax.figure.canvas.draw()
    boxes = sorted((t.get_window_extent() for t in ax.get_yticklabels()), key=lambda box: box.y0)
    assert all(lower.y1 < upper.y0 for lower, upper in itertools.pairwise(boxes))


def test_a_tornado_has_no_bars_that_cannot_be_seen() -> None:
    d = hb.diagnose(age=46, sex="female", lateral_pain=True, pain_lying_on_side=True)
    table = d.sensitivity("osteoarthritis")
    rows = len(plots.tornado(d, "osteoarthritis", k=None).get_yticks())
    seen = (table["swing"] >= 0.005 * table["swing"].max()) | table["within_interval"]

    assert rows == seen.sum() < len(table)
