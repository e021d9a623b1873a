"""The command explain: what a code of DATEV, a problem of ours or a rule of the file check means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from mlconnector.commands.output import (
    AsJson,
    Exit,
    Spoken,
    answered,
    complaints,
    heading,
    paragraph,
    phrase,
    print_json,
    print_words,
    spoken_language,
)
from mlconnector.formats.extf.rules import rules
from mlconnector.texts import codes
from mlconnector.texts.catalogue import Explanation, explain_in_general, problem_keys
from mlconnector.texts.language import Language


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for; `kind` is `datev`, `problem` or `rule`."""

    code: str
    kind: str
    title: str
    words: Explanation


def explain(
    code: Annotated[str, typer.Argument()],
    json: AsJson = False,
    spoken: Spoken = None,
) -> None:
    """Say what a code means and what to do."""
    with answered():
        language = spoken_language(spoken)
        found = list(meanings(code, language))
        if json:
            near = [] if found else nearest(code)
            print_json({"code": code, "meanings": [_as_json(one) for one in found], "nearest": near})
        for one in found if not json else ():
            heading(f"{one.code}: {one.title}" if one.title else one.code)
            paragraph(one.words.what, 2)
            print_words(one.words, 2, spoken=language)
        if found:
            return
        if not json:
            near = nearest(code)
            paragraph(phrase("code_unknown", code=code), to=complaints)
            if near:
                paragraph(phrase("code_near", near=", ".join(near)), to=complaints)
        raise typer.Exit(Exit.WRONG_USE)


def meanings(text: str, language: Language) -> Iterator[Meaning]:
    """Everything that is called so: a code of DATEV, a problem (also by its whole cause), a rule."""
    code = codes.find(text)
    if code is not None:
        yield Meaning(code.code, "datev", code.title, codes.words(code, language))
    key = text.partition(":")[0].strip().casefold()
    if key in problem_keys():
        yield Meaning(key, "problem", "", explain_in_general(key, language))
    rule = rules().get(text.strip().upper())
    if rule is not None:
        said = rule.de if language == "de" else rule.en
        yield Meaning(rule.id, "rule", "", Explanation(f"{said.title}.", said.reason, said.cure, ""))


def nearest(text: str) -> list[str]:
    """What somebody may have meant."""
    known = [*(code.code for code in codes.codes()), *sorted(problem_keys()), *rules()]
    return codes.nearest(text, known)


def _as_json(one: Meaning) -> dict[str, object]:
    return {"code": one.code, "kind": one.kind, "title": one.title, **asdict(one.words)}
