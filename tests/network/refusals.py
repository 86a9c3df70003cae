"""Every wrong entry: the example's text with one thing changed, the key that the refusal names, and its message."""

from __future__ import annotations

from example import example_text

NUMBER = 'n = 10, basis = "judgement", reason = "for this test" }'
LEAK = 'leak = { p = 0.05, n = 10, basis = "judgement", reason = "background rate" }'
TENDON = 'given.tendon = { p = 0.93, n = 15, basis = "measured", source = "study_2020" }'
WEIGHTS_MALE = 'male = { p = [0.25, 0.20], n = 20, basis = "judgement", reason = "clinic impression" }'
SACRUM = """
[causes.bone.subtypes.sacrum]
name = "Stress fracture of the sacrum"
share = { p = 0.4, n = 5, basis = "judgement", reason = "the rest" }
"""
FLAG_SOURCE = 'action = "Same-day assessment."\nsource = "study_2020"'
END = example_text().splitlines()[-1]  # where sections are added

OF_LEAK, OF_TENDON = "findings.lateral_pain.leak", "findings.lateral_pain.given.tendon"
SUBTYPES, CAUSE_OR = "causes.bone.subtypes", "causes.tendon.odds_ratios"

ODDS = "odds_ratios.weak_muscles = { value = 2.0, low = 1.0, high = 4.0,"
HAZARD = '\n[hazards.neck]\nthreshold = 0.05\nlevel = "urgent"\nreason = "r"\naction = "a"\nbasis = "judgement"\n'
GROUP = '\n[groups.g]\nname = "G"\nmembers = ["tendon", "bone"]\n'
MECHANISM = '\n[mechanisms.m]\nname = "M"\nreason = "r"\ncauses = ["tendon", "bone"]\nfindings = ["night_pain"]\n'
QUESTION = 'question = "Has someone measured weak hip muscles?"'
ADVICE = '\n[[advice]]\ntext = "Rest."\nlevels = ["routine"]\n'
FINDING = f'\n[findings.NEW]\nname = "F"\nkind = "history"\nquestion = "?"\nleak = {{ p = 0.2, {NUMBER}\n'
BACKGROUND = f'\n[background.NEW]\nname = "B"\nquestion = "?"\nprevalence.all = {{ p = 0.2, {NUMBER}\n'
FLAG = (
    '\n[red_flags.NEW]\nname = "R"\nquestion = "?"\nlevel = "soon"\nreason = "r"\naction = "a"\nbasis = "judgement"\n'
)
CAUSE = f'\n[causes.NEW]\nname = "C"\nicd10 = "M25.5"\ndescription = "d"\nprior.all = {{ p = 0.2, {NUMBER}\n'


def added(section: str, old: str = "", new: str = "") -> tuple[str, str]:
    """Write an edit that adds a section, itself changed, at the end of the file."""
    assert old in section
    return END, END + "\n" + section.replace(old, new)


Edit = tuple[str, str, str, str]

PROVENANCE: dict[str, Edit] = {
    "a number without a basis": (
        LEAK,
        LEAK.replace('basis = "judgement", ', ""),
        OF_LEAK,
        "'basis' is missing.*measured",
    ),
    "a judgement without a reason": (
        LEAK,
        LEAK.replace(', reason = "background rate"', ""),
        OF_LEAK,
        "a judgement needs a reason in one line",
    ),
    "a judgement with an empty reason": (LEAK, LEAK.replace("background rate", "  "), OF_LEAK, "needs a reason"),
    "a measured number without a source": (
        TENDON,
        TENDON.replace(', source = "study_2020"', ""),
        OF_TENDON,
        "basis 'measured' needs a source",
    ),
    "a measured number with a reason only": (
        TENDON,
        TENDON.replace("source", "reason"),
        OF_TENDON,
        "basis 'measured' needs a source; or call it a judgement and give a reason",
    ),
    "no sources in the list": (
        TENDON,
        TENDON.replace('"study_2020"', "[]"),
        OF_TENDON,
        "basis 'measured' needs a source",
    ),
    "an unknown source": (
        TENDON,
        TENDON.replace("study_2020", "study_2002"),
        OF_TENDON + ".source",
        "unknown source 'study_2002'; did you mean 'study_2020'",
    ),
    "an unknown source beside a known one": (
        TENDON,
        TENDON.replace('"study_2020"', '["study_2020", "zzz"]'),
        OF_TENDON + ".source",
        "unknown source 'zzz'",
    ),
    "a source that is no text": (
        TENDON,
        TENDON.replace('"study_2020"', "2020"),
        OF_TENDON + ".source",
        "got 2020; allowed: a list",
    ),
    "an unknown basis": (
        TENDON,
        TENDON.replace("measured", "guess"),
        OF_TENDON + ".basis",
        "got 'guess'; allowed: measured, transferred, qualitative, judgement",
    ),
    "an odds ratio without a source": (
        'basis = "qualitative", source = "study_2020" }\n\n[causes.bone]',
        'basis = "qualitative" }\n\n[causes.bone]',
        "causes.tendon.odds_ratios.weak_muscles",
        "needs a source",
    ),
    "a red flag with neither source nor basis": (
        FLAG_SOURCE,
        'action = "x"',
        "red_flags.fever",
        "source|basis = .judgement",
    ),
    "a red flag of an unknown source": (
        FLAG_SOURCE,
        'action = "x"\nsource = "zzz"',
        "red_flags.fever.source",
        "unknown source 'zzz'",
    ),
    "a measured red flag without a source": (
        FLAG_SOURCE,
        'action = "x"\nbasis = "measured"',
        "red_flags.fever",
        "needs a source",
    ),
    "a hazard of an unknown source": (
        *added(HAZARD, 'basis = "judgement"', 'source = "zzz"'),
        "hazards.neck.source",
        "unknown source 'zzz'",
    ),
    "a year that is none": ("year = 2020", 'year = "2020"', "sources.study_2020.year", "got '2020'; allowed: a year"),
    "a year far off": ("year = 2020", "year = 20", "sources.study_2020.year", "got 20; allowed: a year like 2016, or"),
    "a year in halves": ("year = 2020", "year = 2020.5", "sources.study_2020.year", "got 2020.5; allowed: a year"),
    "a missing year": ("year = 2020 ", "", "sources.study_2020.year", "allowed: a year like 2016, or 'unknown'"),
    "an address that is none": (
        '"https://doi.org/10.1000/example"',
        '"doi 10.1000"',
        "sources.study_2020.address",
        "got 'doi 10.1000'; allowed: a URL or 'unknown'",
    ),
}

NUMBERS: dict[str, Edit] = {
    "p above 1": ("p = 0.93", "p = 1.2", OF_TENDON, "p is 1.2; allowed: strictly between 0 and 1"),
    "p = 1": ("p = 0.93", "p = 1", OF_TENDON, "p is 1.0; allowed: strictly between 0 and 1"),
    "p in per cent": ("p = 0.93", "p = 93", OF_TENDON, "p is 93.0; allowed: strictly between 0 and 1"),
    "p below 0": ("p = 0.93", "p = -0.1", OF_TENDON, "p is -0.1; allowed: strictly between 0 and 1"),
    "p = 0": ("p = 0.93", "p = 0", OF_TENDON, "p is 0.0; allowed: strictly between 0 and 1"),
    "p below the leak": (
        "p = 0.93",
        "p = 0.04",
        OF_TENDON,
        "p is 0.04, below the leak 0.05; allowed: at least the leak",
    ),
    "p is not a number": ("p = 0.93", "p = nan", OF_TENDON + ".p", "got nan; allowed: a finite number"),
    "p is a text": ("p = 0.93", 'p = "0.93"', OF_TENDON + ".p", "got '0.93'; allowed: a number"),
    "p is a truth value": ("p = 0.93", "p = true", OF_TENDON + ".p", "got True; allowed: a number"),
    "p is missing": ("p = 0.93, ", "", OF_TENDON, "the key 'p' is missing; allowed: a number"),
    "a leak of 0": ("leak = { p = 0.05", "leak = { p = 0.0", OF_LEAK, "p is 0.0; allowed: strictly between 0 and 1"),
    "a key misspelt": (
        "leak = { p = 0.05",
        "leek = { p = 0.05",
        "findings.lateral_pain",
        "the key 'leak' is missing; allowed: a table; is 'leek' meant for it?",
    ),
    "n = 0": ("n = 15", "n = 0", OF_TENDON, "n is 0.0; allowed: a number of patients above 0"),
    "n below 0": ("n = 15", "n = -3", OF_TENDON, "n is -3.0; allowed: a number of patients above 0"),
    "n is infinite": ("n = 15", "n = inf", OF_TENDON + ".n", "got inf; allowed: a finite number"),
    "n is missing": ("n = 15, ", "", OF_TENDON, "the key 'n' is missing; allowed: a number"),
    "an odds ratio outside its range": (
        ODDS,
        ODDS.replace("2.0", "5.0"),
        CAUSE_OR + ".weak_muscles",
        "value 5.0 with range 1.0 to 4.0; allowed: 0 < low <= value <= high",
    ),
    "an odds ratio of 0": (
        ODDS,
        ODDS.replace("low = 1.0", "low = 0"),
        CAUSE_OR + ".weak_muscles",
        "allowed: 0 < low <= value <= high",
    ),
    "an odds ratio without a range": (
        ODDS,
        ODDS.replace(" low = 1.0,", ""),
        CAUSE_OR + ".weak_muscles",
        "the key 'low' is missing; allowed: a number",
    ),
    "shares that do not sum to 1": ("p = 0.6,", "p = 0.5,", SUBTYPES, "the shares sum to 0.9; allowed: 1"),
    "weights that do not sum to 1": (
        "p = [0.25, 0.20]",
        "p = [0.25, 0.25]",
        "network.weights",
        "sum to 1.05; allowed: 1",
    ),
    "priors that do not cover everyone": (
        "p = [0.45, 0.40]",
        "p = [0.45, 0.20]",
        "causes.*.prior",
        r"the priors of male 50\+ sum to 0.95.*more than 1.*`other`",
    ),
    "an effect that is too large": (
        "effect = { p = 0.2",
        "effect = { p = 0.99",
        "findings.night_pain.parent.effect",
        r"the effect of 'lateral_pain' is 0.99, which leaves a negative link at .*; allowed: at most 0\.\d+",
    ),
    "a threshold of 0": (
        *added(HAZARD, "0.05", "0"),
        "hazards.neck.threshold",
        "got 0.0; allowed: strictly between 0 and 1",
    ),
    "a threshold of 1": (*added(HAZARD, "0.05", "1.0"), "hazards.neck.threshold", "got 1.0; allowed: strictly between"),
}

TABLES: dict[str, Edit] = {
    "a sex without weights": (WEIGHTS_MALE, "", "network.weights", "the key 'male' is missing; allowed: a table"),
    "a sex without priors": (
        'prior.male = { p = [0.45, 0.40], n = 30, basis = "measured", source = "study_2020" }',
        "",
        "causes.tendon.prior",
        "the key 'male' is missing; allowed: a table",
    ),
    "no priors": (
        'prior.all = { p = 0.30, n = 10, basis = "judgement", reason = "the list is short" }',
        "",
        "causes.other",
        "the key 'prior' is missing",
    ),
    "too few bands": (
        "p = [0.45, 0.60]",
        "p = [0.45]",
        "causes.tendon.prior.female",
        r"p has 1 number; allowed: one number, or 2 \(for 18-49, 50\+\)",
    ),
    "too many bands": ("p = [0.30, 0.45]", "p = [0.30, 0.45, 0.5]", "causes.bone.prior.all", "p has 3 numbers"),
    "no bands": ("p = [0.30, 0.45]", "p = []", "causes.bone.prior.all", "p has 0 numbers"),
    "a band that is no number": (
        "p = [0.30, 0.45]",
        'p = [0.30, "x"]',
        r"causes.bone.prior.all.50+.p",
        "got 'x'; allowed: a number",
    ),
    "everyone and a sex": (
        "prior.all = { p = [0.30",
        "prior.female.x = 1\nprior.all = { p = [0.30",
        "causes.bone.prior",
        "'female'",
    ),
    "an unknown sex": (
        "prior.all = { p = [0.30",
        "prior.alle = { p = [0.30",
        "causes.bone.prior",
        "'female' is missing",
    ),
    "bands that leave a gap": (
        '"18-49", "50+"',
        '"18-39", "50+"',
        "network.age_bands",
        "band '50.' runs from 50, expected to start at 40",
    ),
    "bands that overlap": (
        '"18-49", "50+"',
        '"18-49", "49+"',
        "network.age_bands",
        "band '49.' runs from 49, expected to start at 50",
    ),
    "bands that start late": (
        '"18-49", "50+"',
        '"20-49", "50+"',
        "network.age_bands",
        "band '20-49' runs from 20, expected to start at 18",
    ),
    "bands that end early": (
        '"18-49", "50+"',
        '"18-49", "50-80"',
        "network.age_bands",
        "the bands end at 80, the age range at 90",
    ),
    "the same band twice": ('"18-49", "50+"', '"18-49", "18-49"', "network.age_bands", "'18-49'.*(twice|again|once)"),
    "a band backwards": ('"18-49", "50+"', '"18-10", "11+"', "network.age_bands", "must be contiguous"),
    "a band in words": (
        '"18-49", "50+"',
        '"young", "old"',
        "network.age_bands",
        "got 'young'; allowed: '18-29' or '60.'",
    ),
    "no age bands": ('["18-49", "50+"]', "[]", "network.age_bands", "got no bands; allowed: a list"),
    "an age range backwards": (
        "[18, 90]",
        "[90, 18]",
        "network.age_range",
        r"got \[90, 18\]; allowed: two whole numbers",
    ),
    "an age range of one": (
        "[18, 90]",
        "[18]",
        "network.age_range",
        r"got \[18\]; allowed: two whole numbers of years",
    ),
    "an age range in halves": ("[18, 90]", "[18.5, 90]", "network.age_range", "allowed: two whole numbers of years"),
    "a switch that is a text": (
        "everyone_has_a_cause = true",
        'everyone_has_a_cause = "yes"',
        "network.everyone_has_a_cause",
        "got 'yes'; allowed: true or false",
    ),
}

REFERENCES: dict[str, Edit] = {
    "a given that is no cause": (
        "given.tendon = { p = 0.93",
        "given.tenden = { p = 0.93",
        "findings.lateral_pain.given",
        "unknown cause or subtype 'tenden'; did you mean 'tendon'",
    ),
    "a given of a group": (
        *added(GROUP + FINDING.replace("NEW", "f") + f"given.g = {{ p = 0.3, {NUMBER}\n"),
        "findings.f.given",
        "unknown cause or subtype 'g'",
    ),
    "a cause and its subtype": (
        "given.bone = {",
        f"given.neck = {{ p = 0.5, {NUMBER}\ngiven.bone = {{",
        "findings.night_pain.given",
        "both 'bone' and its subtype 'neck' are given; allowed: one of the two",
    ),
    "one subtype": (
        SACRUM,
        "",
        SUBTYPES,
        "there is one subtype; allowed: none, or two and more",
    ),
    "an unknown parent of a cause": (
        ODDS,
        ODDS.replace("weak_muscles", "weak_muscle"),
        CAUSE_OR,
        "unknown background variable or other cause 'weak_muscle'; did you mean 'weak_muscles'",
    ),
    "a cause that is its own parent": (
        ODDS,
        ODDS.replace("weak_muscles", "tendon"),
        CAUSE_OR,
        "unknown background variable or other cause 'tendon'",
    ),
    "a finding among the parents of a cause": (
        ODDS,
        ODDS.replace("weak_muscles", "night_pain"),
        CAUSE_OR,
        "unknown background variable or other cause 'night_pain'",
    ),
    "a subtype among the parents of a cause": (
        ODDS,
        ODDS.replace("weak_muscles", "neck"),
        CAUSE_OR,
        "unknown background variable or other cause 'neck'",
    ),
    "a member that is no cause": (
        *added(GROUP, '"bone"', '"bones"'),
        "groups.g.members",
        "unknown cause 'bones'; did you mean 'bone'",
    ),
    "a member that is a subtype": (*added(GROUP, '"bone"', '"neck"'), "groups.g.members", "unknown cause 'neck'"),
    "a group of nobody": (*added(GROUP, '"tendon", "bone"', ""), "groups.g.members", "allowed"),
    "a mechanism of an unknown cause": (
        *added(MECHANISM, '"bone"', '"bnoe"'),
        "mechanisms.m.causes",
        "unknown cause 'bnoe'; did you mean 'bone'",
    ),
    "a mechanism of an unknown finding": (
        *added(MECHANISM, "night_pain", "nightpain"),
        "mechanisms.m.findings",
        "unknown finding 'nightpain'; did you mean 'night_pain'",
    ),
    "two mechanisms for the same": (
        *added(MECHANISM + MECHANISM.replace("mechanisms.m", "mechanisms.o")),
        "mechanisms.o",
        "'tendon' already acts on 'night_pain' through the mechanism 'm'",
    ),
    "an unknown parent of a finding": (
        'finding = "lateral_pain"',
        'finding = "lateral"',
        "findings.night_pain.parent.finding",
        "unknown finding 'lateral'; did you mean 'lateral_pain'",
    ),
    "an unknown hazard": (
        *added(HAZARD, "neck", "neckk"),
        "hazards.neckk.of",
        "unknown cause, subtype or finding 'neckk'; did you mean 'neck'",
    ),
    "an unknown finding to avoid": (
        *added(HAZARD + 'avoid = ["hop"]\n'),
        "hazards.neck.avoid",
        "unknown finding 'hop'",
    ),
    "a tip for a background that the network does not have": (
        QUESTION,
        QUESTION + '\nprevention = ["Build strength."]',
        "background.weak_muscles.prevention",
        r"unknown tip of network.prevention 'Build strength.'. \(allowed: one of 0\)",
    ),
    "an alias of no state": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\naliases = { waking = "awake" }\n',
        "findings.night_pain.aliases.waking",
        "unknown state 'awake'",
    ),
    "an alias that is no text": (
        "[findings.night_pain]\n",
        "[findings.night_pain]\naliases = { waking = true }\n",
        "findings.night_pain.aliases.waking",
        "got True; allowed: the name of a state",
    ),
    "a finding that is its own parent": (
        'finding = "lateral_pain"',
        'finding = "night_pain"',
        "findings.night_pain.parent",
        "a cycle: night_pain -> night_pain; allowed: no finding may be its own ancestor",
    ),
    "findings in a circle": (
        LEAK,
        f'{LEAK}\nparent = {{ finding = "night_pain", effect = {{ p = 0.1, {NUMBER} }}',
        "findings.*.parent",
        "a cycle: .*(lateral_pain -> night_pain|night_pain -> lateral_pain).*; allowed: no finding may be",
    ),
}

IDS: dict[str, Edit] = {
    "a capital letter": (
        "[findings.night_pain]",
        "[findings.Night_pain]",
        "findings.Night_pain",
        "the id 'Night_pain' is not snake_case; allowed: a-z, 0-9 and _",
    ),
    "a hyphen": (
        "[findings.night_pain]",
        "[findings.night-pain]",
        "findings.night-pain",
        "the id 'night-pain' is not snake_case",
    ),
    "a digit first": (*added(BACKGROUND, "NEW", "2nd"), "background.2nd", "the id '2nd' is not snake_case"),
    "an underscore first": (*added(FLAG, "NEW", "_a"), "red_flags._a", "the id '_a' is not snake_case.*a letter first"),
    "a space": (*added(FLAG, "NEW", '"a b"'), "red_flags.a b", "the id 'a b' is not snake_case"),
    "an umlaut": (*added(GROUP, "groups.g", 'groups."hüfte"'), "groups.hüfte", "the id 'hüfte' is not snake_case"),
    "nothing": (*added(GROUP, "groups.g", 'groups.""'), "groups.", "the id '' is not snake_case"),
    "a subtype": (
        "[causes.bone.subtypes.sacrum]",
        "[causes.bone.subtypes.Sacrum]",
        "causes.bone.subtypes.Sacrum",
        "the id 'Sacrum' is not snake_case",
    ),
    "a finding like a cause": (
        *added(FINDING, "NEW", "tendon"),
        "findings.tendon",
        "the id 'tendon' is already used at causes.tendon; choose another",
    ),
    "a background like a finding": (
        *added(BACKGROUND, "NEW", "night_pain"),
        "findings.night_pain",
        "the id 'night_pain' is already used at background.night_pain",
    ),
    "a red flag like a background": (
        *added(FLAG, "NEW", "weak_muscles"),
        "red_flags.weak_muscles",
        "the id 'weak_muscles' is already used at background.weak_muscles",
    ),
    "a group like a cause": (
        *added(GROUP, "groups.g", "groups.bone"),
        "groups.bone",
        "the id 'bone' is already used at causes.bone",
    ),
    "a subtype like a cause": (
        "[causes.bone.subtypes.sacrum]",
        "[causes.bone.subtypes.tendon]",
        "causes.bone.subtypes.tendon",
        "the id 'tendon' is already used",
    ),
    "an alias like a finding": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\naliases = { lateral_pain = "present" }\n',
        "findings.night_pain.aliases.lateral_pain",
        "the id 'lateral_pain' is already used",
    ),
} | {
    f"the reserved word {word}": (
        *added(FINDING, "NEW", word),
        f"findings.{word}",
        f"the id '{word}' is already a reserved word; choose another",
    )
    for word in ("age", "sex", "hip_pain", "triage", "network", "absent", "probability", "default")
}

SHAPES: dict[str, Edit] = {
    "an unknown section": (*added("\n[finding.x]\n"), "", "unknown key 'finding'; did you mean 'findings'"),
    "an unknown key of the network": (
        "population =",
        "popluation =",
        "network",
        "'population' is missing|unknown key 'popluation'",
    ),
    "a key too many": (
        "population =",
        'author = "me"\npopulation =',
        "network",
        "unknown key 'author'.*keys here: .*name",
    ),
    "a misspelt optional key": (
        "everyone_has_a_cause = true",
        "everyone_has_cause = true",
        "network",
        "unknown key 'everyone_has_cause'; did you mean 'everyone_has_a_cause'",
    ),
    "an unknown key of a number": ("p = 0.93, n = 15", "p = 0.93, n = 15, m = 3", OF_TENDON, "unknown key 'm'"),
    "an unknown key of a table's number": (
        "p = [0.45, 0.60], n = 30",
        "p = [0.45, 0.60], n = 30, noet = 'x'",
        "causes.tendon.prior.female.18-49",
        "unknown key 'noet'; did you mean 'note'",
    ),
    "an unknown key of a cause": (
        "[causes.bone.subtypes.neck]",
        "oddsratios = {}\n[causes.bone.subtypes.neck]",
        "causes.bone",
        "unknown key 'oddsratios'; did you mean 'odds_ratios'",
    ),
    "an unknown key of a subtype": (
        "share = { p = 0.6",
        "sahre = 1\nshare = { p = 0.6",
        "causes.bone.subtypes.neck",
        "unknown key 'sahre'; did you mean 'share'",
    ),
    "an unknown key of a background": (
        'question = "Has someone',
        'qestion = "x"\nquestion = "Has someone',
        "background.weak_muscles",
        "unknown key 'qestion'; did you mean 'question'",
    ),
    "an unknown key of a finding": (
        "[findings.night_pain]\n",
        "[findings.night_pain]\nstate = 1\n",
        "findings.night_pain",
        "unknown key 'state'; did you mean 'states'",
    ),
    "an unknown key of a parent": (
        '{ finding = "lateral_pain", effect',
        '{ finding = "lateral_pain", x = 1, effect',
        "findings.night_pain.parent",
        "unknown key 'x'",
    ),
    "an unknown key of a red flag": (
        FLAG_SOURCE,
        FLAG_SOURCE + "\nsauce = 1",
        "red_flags.fever",
        "unknown key 'sauce'; did you mean 'source'",
    ),
    "an unknown key of a hazard": (
        *added(HAZARD + "avoids = []\n"),
        "hazards.neck",
        "unknown key 'avoids'; did you mean 'avoid'",
    ),
    "an unknown key of a mechanism": (
        *added(MECHANISM + "cause = []\n"),
        "mechanisms.m",
        "unknown key 'cause'; did you mean 'causes'",
    ),
    "an unknown key of a group": (
        *added(GROUP + "member = []\n"),
        "groups.g",
        "unknown key 'member'; did you mean 'members'",
    ),
    "an unknown key of advice": (
        *added(ADVICE + "level = 1\n"),
        "advice",
        "unknown key 'level'; did you mean 'levels'",
    ),
    "an unknown key of a source": (
        "year = 2020",
        "yaer = 2020\nyear = 2020",
        "sources.study_2020",
        "unknown key 'yaer'; did you mean 'year'",
    ),
    "an empty name": (
        'name = "Tendon pain"',
        'name = "  "',
        "causes.tendon.name",
        "got an empty text; allowed: some text",
    ),
    "a name that is no text": ('name = "Tendon pain"', "name = 5", "causes.tendon.name", "got 5; allowed: a text"),
    "a missing name": ('name = "Tendon pain"', "", "causes.tendon", "the key 'name' is missing; allowed: a text"),
    "a leak that is no table": (LEAK, "leak = 0.05", OF_LEAK, "got 0.05; allowed: a table"),
    "a given that is no table": (TENDON, "given.tendon = 0.93", OF_TENDON, "got 0.93; allowed: a table"),
    "an effect that is no table": (
        'effect = { p = 0.2, n = 5, basis = "judgement", reason = "the sore side is lain on" }',
        "effect = 0.2",
        "findings.night_pain.parent.effect|findings.night_pain.parent",
        "got 0.2; allowed: a table",
    ),
    "an unknown kind": (
        'kind = "history"                     # history, examination or imaging',
        'kind = "exam"',
        "findings.lateral_pain.kind",
        "got 'exam'; allowed: history, examination, imaging",
    ),
    "one state": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["present"]\n',
        "findings.night_pain.states",
        "got 1 state; allowed: two, absent first",
    ),
    "three states": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["no", "a bit", "yes"]\n',
        "findings.night_pain.states",
        "got 3 states; allowed: two, absent first",
    ),
    "the same state twice": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["x", "x"]\n',
        "findings.night_pain.states",
        "allowed: two different names",
    ),
    "states the wrong way round": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["present", "absent"]\n',
        "findings.night_pain.states",
        "allowed",
    ),
    "states that say the opposite": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["yes", "no"]\n',
        "findings.night_pain.states",
        "allowed",
    ),
    "a state that means unknown": (
        "[findings.night_pain]\n",
        '[findings.night_pain]\nstates = ["unknown", "known"]\n',
        "findings.night_pain.states",
        "allowed",
    ),
    "a red flag that is routine": (
        'level = "urgent"',
        'level = "routine"',
        "red_flags.fever.level",
        "got 'routine'; allowed: urgent, soon$",
    ),
    "a hazard of an unknown level": (
        *added(HAZARD, "urgent", "now"),
        "hazards.neck.level",
        "got 'now'; allowed: urgent, soon",
    ),
    "advice for an unknown level": (
        *added(ADVICE, '"routine"', '"routine", "calm"'),
        "advice.levels",
        "got 'calm'; allowed: urgent, soon, routine",
    ),
    "advice that is no list": (
        *added('\n[advice]\ntext = "Rest."\nlevels = ["routine"]\n'),
        "advice",
        "allowed: a list",
    ),
    "tips that are no texts": (
        "everyone_has_a_cause = true",
        "prevention = [1]\neveryone_has_a_cause = true",
        "network.prevention",
        r"got 1; allowed: a list of texts",
    ),
    "tips for a background that are no texts": (
        QUESTION,
        QUESTION + "\nprevention = [1]",
        "background.weak_muscles.prevention",
        "got 1; allowed: a list of texts",
    ),
    "no findings but a text": (*added('\n[hazards]\nneck = "x"\n'), "hazards.neck", "got 'x'; allowed: a table"),
}

ALL: dict[str, Edit] = {
    f"{section}: {what}": edit
    for section, edits in {
        "provenance": PROVENANCE,
        "numbers": NUMBERS,
        "tables": TABLES,
        "references": REFERENCES,
        "ids": IDS,
        "shapes": SHAPES,
    }.items()
    for what, edit in edits.items()
}
