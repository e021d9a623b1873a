"""Checking an uploaded EXTF file, in constant memory and outside of the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from mlconnector.flow.agree.check_settings import of_file
from mlconnector.formats.extf import ClientSettings, Finding, check
from mlconnector.texts.language import Language
from mlconnector.web.shapes import FileFinding, FileReport


async def checked(
    chunks: AsyncIterator[bytes], file_name: str | None, language: Language, limit: int
) -> FileReport:
    """What is wrong in the file that `chunks` make; at most `limit` findings are named, all are counted."""
    with TemporaryFile() as file:
        async for chunk in chunks:
            file.write(chunk)
        file.seek(0)
        return await run_in_threadpool(_report, file, file_name, language, limit)


def _report(file: BinaryIO, file_name: str | None, language: Language, limit: int) -> FileReport:
    counted: Counter[str] = Counter()
    findings: list[FileFinding] = []
    for finding in check(file, file_name=file_name, settings=of_file(file, ClientSettings())):
        counted[finding.severity] += 1
        if len(findings) < limit:
            findings.append(_in_words(finding, language))
    return FileReport(
        rejected_online=counted["rejected_online"],
        rejected_import=counted["rejected_import"],
        changed=counted["changed"],
        doubtful=counted["doubtful"],
        findings=findings,
    )


def _in_words(finding: Finding, language: Language) -> FileFinding:
    words = finding.text(language)
    return FileFinding(
        rule=finding.rule,
        severity=finding.severity,
        routes=finding.routes,
        line=finding.line,
        column=finding.column,
        field=finding.name,
        value=finding.value,
        expected=finding.expected,
        title=words.title,
        reason=words.reason,
        cure=words.cure,
    )
