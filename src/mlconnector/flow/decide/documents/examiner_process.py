"""The process in which files from outside are parsed: questions on its input, answers on its output."""

from __future__ import annotations

import logging
import os
import resource
import sys

import msgspec

from mlconnector.flow.decide.documents.examiner import LENGTH, Answer, Question, read_frame
from mlconnector.formats.einvoice.files import check_file
from mlconnector.formats.einvoice.rules import RulesMissing, try_rules
from mlconnector.learnt_shapes import learnt

_MEMORY = 2 * 1024**3


def main() -> None:
    """Answer questions until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints goes to the complaints, not between the answers.
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    while (asked := read_frame(sys.stdin.buffer)) is not None:
        answered = msgspec.msgpack.encode(_answer(msgspec.msgpack.decode(asked, type=learnt(Question))))
        answers.write(len(answered).to_bytes(LENGTH) + answered)
        answers.flush()


def _answer(question: Question) -> Answer:
    if question.content is None:
        try:
            return Answer(version=try_rules())
        except RulesMissing as error:
            return Answer(missing=str(error))
    checked = check_file(
        question.file_name,
        question.media_type,
        question.content,
        question.allowed_extensions,
        rules=question.rules,
    )
    return Answer(checked.file_name, checked.problem, checked.examination)


if __name__ == "__main__":
    main()
