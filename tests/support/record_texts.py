"""Texts of records of every kind, for tests of the fast path against conversion.

They are made as text, not as values: numbers with any digits, repeated keys, escapes, and bytes
that are not UTF-8. Several come together, most of them alike, so that they become blocks.
"""

import json

from hypothesis import strategies as st

from planhat_sync.models import load_models
from planhat_sync.writing.settings import WriteSettings

MODELS = load_models()
ABSURD = ["1e99999999999999999999", "9" * 40, "0." + "1" * 40, "1" * 5000]
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.0", "0.10", "-0.0", "1e3", "1E400", "-1e-9999", *ABSURD]
)
VALID_TEXTS = (
    st.sampled_from(['"a"', '" "', '"1234"', '"0.5"', '"null"', '"[1, 2]"', '"{}"'])
    | st.text(max_size=6).map(json.dumps)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    )
    | st.sampled_from(['"\\ud83d\\ude00"', '"\\\\ud800"', '"\\u0000"', '"\\/\\u00e9"'])
)
TEXTS = VALID_TEXTS | st.sampled_from(['""', '"\\ud800"', '"x\\udc00y"', '"\\ude00\\ud83d"'])
BROKEN = st.sampled_from(["NaN", "-Infinity", "tru", "01", '"\x01"', "{", "[1,]", "'a'", ""])


def arrays(values):
    return st.lists(values, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")


def objects(values):
    pairs = st.lists(st.tuples(VALID_TEXTS, values), max_size=3)
    return pairs.map(
        lambda items: "{" + ",".join(f"{name} :{value}" for name, value in items) + "}"
    )


def nested(texts):
    leaves = st.sampled_from(["null", "true", "false"]) | NUMBERS | texts
    return st.recursive(leaves, lambda values: arrays(values) | objects(values), max_leaves=5)


VALID_VALUES = nested(VALID_TEXTS)
VALUES = nested(TEXTS) | st.sampled_from(
    [
        shape * depth + "1" + end * depth
        for shape, end in ("[]", ('{"a":', "}"))
        for depth in (50, 97, 98, 99, 100, 101, 300)
    ]
)
BLANKS = st.sampled_from(
    ['""', '" "', '"          "', '"\\t"', '"\u00a0\u2003"', '"\u200b"', '"\\u0000\\u0000"']
)
IDS = st.sampled_from(['"a"', '"A1"', '"61006bc89a3e0b702ed8ea49"', '"61006BC89A3E0B702ED8EA49"'])
STRINGS = VALID_TEXTS | st.just("null")
ID_LISTS = arrays(IDS)
ACCEPTED = {
    "_id": IDS | IDS | BLANKS,
    "sourceId": IDS | IDS.map(str.upper) | BLANKS | st.sampled_from(['"b"', '"c"', "null"]),
    "externalId": IDS | IDS | BLANKS,
    "companyId": IDS | BLANKS | st.sampled_from(['"extid-1"', '"srcid-1"', "null"]),
    "title": STRINGS,
    "type": st.sampled_from(['"note"', '"note"', '"email"', "null"]),
    "name": STRINGS,
    "status": STRINGS,
    "archived": st.sampled_from(["true", "false", "null"]),
    "health": NUMBERS | st.just("null"),
    "companyIds": ID_LISTS,
    "followers": ID_LISTS | st.just("null"),
    "custom": objects(VALID_VALUES) | st.just("null"),
    "companies": VALID_VALUES,
    "companyName": STRINGS,
    "updatedAt": st.just('"2026-01-01T00:00:00.123Z"'),
    "_sdc_extracted_at": STRINGS,
    "_sdc_deleted_at": st.just("null"),
    "announced": VALID_VALUES,
}
ODD = {
    "_sdc_deleted_at": st.sampled_from(['""', '" "', '"0000-00-00"', '"2026-01-01"', "false"]),
    "custom": objects(VALUES) | VALUES,
    "companies": VALUES,
    "custom__a": VALUES,
    "custom__": VALUES,
    "unheard of": VALUES,
    "_sdc_new": VALUES,
}
ONE_IN_FOUR = st.sampled_from([False, False, False, True])


@st.composite
def records(draw, model):
    """Draw records; the fast path accepts many, and most others but for one or two values."""
    known = known_names(model)
    often = [*MODELS[model].keyables[:2], *(MODELS[model].constants if draw(st.booleans()) else ())]
    chosen = [*draw(st.lists(st.sampled_from(known), max_size=10)), *often]
    usual = [(name, draw(ACCEPTED[name])) for name in draw(st.permutations(chosen))]
    space = draw(st.sampled_from(["", "", " ", "\t"]))
    made = [draw(variants(usual, known, space)) for _ in range(draw(st.integers(1, 4)))]
    # As they are, each is accepted or declined; between others of another kind, no less.
    return draw(st.lists(st.sampled_from(made), min_size=len(made), max_size=6))


@st.composite
def blocks(draw, model):
    """Draw records with the same keyables; most of them are accepted together."""
    of_model, known = MODELS[model], known_names(model)
    keyables, scopes = of_model.keyables, sorted({*of_model.keyable_scope.values()})
    carried = draw(st.sampled_from([keyables[:1], keyables[:2], keyables[-1:]]))
    fixed = {*keyables, *of_model.constants, *scopes}
    others = [name for name in known if name not in fixed]
    names = draw(st.lists(st.sampled_from(others), max_size=5, unique=True))
    null = draw(st.sampled_from([None, None, *keyables[1:]]))
    scopes = scopes if draw(st.booleans()) else []
    made = []
    for number in range(draw(st.integers(1, 3))):
        keys = {name: json.dumps(f"{name}{number // 2}") for name in carried}
        keys |= {name: draw(ACCEPTED[name]) for name in scopes}
        keys |= {} if null is None else {null: "null"}
        constants = {name: json.dumps(value) for name, value in of_model.constants.items()}
        usual = [*(keys | constants).items(), *((name, draw(ACCEPTED[name])) for name in names)]
        is_odd = draw(ONE_IN_FOUR) and draw(ONE_IN_FOUR)
        made.append(draw(variants(usual, known, "")) if is_odd else text_of(usual))
    return draw(st.lists(st.sampled_from(made), min_size=2, max_size=6))


def known_names(model):
    """Return names of columns that the fast path knows."""
    properties = MODELS[model].properties
    also = ("_", "announced")
    return [name for name in ACCEPTED if name in properties or name.startswith(also)]


@st.composite
def variants(draw, usual, known, space):
    """Draw the text of a record that differs from the usual one in a few members."""
    members = list(usual)
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([name for name, _ in usual] + known))
        at = draw(st.integers(0, len(members)))
        members[at : at + draw(st.integers(0, 1))] = [(name, draw(ACCEPTED[name]))]
    if draw(ONE_IN_FOUR):
        name = draw(st.sampled_from([*known, *ODD]))
        odd = ODD.get(name, VALUES) if draw(st.booleans()) else VALUES | BROKEN
        members.insert(draw(st.integers(0, len(members))), (name, draw(odd)))
    data = text_of(members, space)
    if draw(ONE_IN_FOUR) and draw(ONE_IN_FOUR):
        at = draw(st.integers(0, len(data)))
        stray = draw(st.sampled_from([b"\xff", b"\xed\xa0\x80", b"\x00", b"\n", b"\\", b"{}"]))
        data = data[:at] + stray + data[at:]
    return data


def text_of(members, space=""):
    """Return the text of a record."""
    record = ",".join(f"{space}{json.dumps(name)}:{space}{value}" for name, value in members)
    return ("{" + record + "}").encode("utf-8", "surrogatepass")


SETTINGS = st.sampled_from(
    [
        WriteSettings(),
        WriteSettings(match_on=("sourceId",)),
        WriteSettings(match_on=("sourceId", "_id"), deletes="delete"),
        WriteSettings(match_on=("externalId", "sourceId", "_id")),
        WriteSettings(missing_key="create"),
        WriteSettings(write_mode="update", missing_key="create", unknown_properties="reject"),
        WriteSettings(write_mode="create", missing_key="create"),
        WriteSettings(match_on=("_id",)),
    ]
)
