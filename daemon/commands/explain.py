"""`ossmend explain`: any text -> what it means. Where the text comes from; what it means is daemon/explain/text.py."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossmend.daemon.commands.common import Name, clear_errors, default_config, json_option, show_json

if TYPE_CHECKING:
    from ossmend.config.model import Config
    from ossmend.daemon.explain.live import Live


_LIKE_A_FILE = re.compile(r"\.{0,2}/\S*|\S+\.(?:log|txt|json|out|err|gz|bz2|xz|zst)")
"""Whoever mistypes a file's name must not be told alone that there is no refusal in it."""


@click.command("explain")
@click.argument("text", nargs=-1)
@click.option("--file", "file", type=Name(), metavar="FILE",
              help="Read the text from a file; a TEXT that names one does so, too.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "zh"]),
              help="Language of the advice. Default: the text's; with --json English.")  # fmt: skip
@click.option("--config", "config_path", type=Name(), metavar="FILE",
              help="Also say what this configuration's policies would do.")  # fmt: skip
@click.option("--live", is_flag=True, help="Also ask the cloud, by reads alone; needs a configuration.")
@json_option
def command(
    text: tuple[str, ...], file: Path | None, lang: str | None, config_path: Path | None, live: bool, as_json: bool
) -> None:
    """Explain any OSS error text, of any SDK, or just a code. Reads stdin if no TEXT is given."""
    from ossmend.daemon.explain import language
    from ossmend.daemon.explain.text import explain_text
    from ossmend.daemon.sources.parsers import LONGEST_TEXT

    pasted = _text(text, file)
    if len(pasted) > LONGEST_TEXT:
        click.echo(f"note: only the first {LONGEST_TEXT // 1024**2} MiB of this text are read", err=True)
    spoken = lang or ("en" if as_json else language.of(pasted))
    with ExitStack() as stack:
        config, ask = _asked(config_path, live, as_json, stack)
        report = explain_text(pasted, config=config, lang=spoken, live=ask)

    if as_json:
        show_json(report)
        return
    from ossmend.daemon.explain.page import render
    from ossmend.daemon.explain.paper import Paper

    paper = Paper.of_stdout()
    render(report, spoken, paper, configured=config is not None)
    if spoken != (lang or "en"):
        paper.write()
        paper.write("In English: --lang en. 英文说明：--lang en。")


def _asked(config_path: Path | None, live: bool, as_json: bool, stack: ExitStack) -> tuple[Config | None, Live | None]:
    """The policies and the cloud, where the person asks for them."""
    if config_path is None and not live:
        return None, None
    from ossmend.config.load import load

    stack.enter_context(clear_errors(as_json=as_json))
    config = load(config_path or default_config())
    if not live:
        return config, None
    from ossmend.daemon.explain.live import asking

    return config, stack.enter_context(asking(config))


def _text(words: tuple[str, ...], file: Path | None) -> str:
    """The text to explain: the arguments, a file, or stdin. Any bytes will do."""
    from ossmend.daemon.host.redact import printable
    from ossmend.daemon.sources.envelopes.encodings import as_text

    if words and file is not None:
        raise click.UsageError("give TEXT or --file, not both")
    if len(words) == 1 and _is_a_file(words[0]):
        file = Path(words[0])
    elif words:
        if len(words) == 1 and _LIKE_A_FILE.fullmatch(words[0]):
            click.echo(f"note: there is no file {printable(words[0])}: the word itself is looked at", err=True)
        return " ".join(words)
    if file is not None:
        try:
            return as_text(_unpacked(file.read_bytes(), str(file)))
        except OSError as error:
            raise click.UsageError(f"{file}: {error.strerror}") from error
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("nothing to explain: give TEXT, --file FILE, or pipe a log in")
    return as_text(_unpacked(sys.stdin.buffer.read(), "stdin"))


def _unpacked(data: bytes, name: str) -> bytes:
    from ossmend.daemon.explain.packed import PackedOtherwise, unpacked
    from ossmend.daemon.sources.parsers import LONGEST_TEXT

    try:
        return unpacked(data, LONGEST_TEXT * 4)  # a sign may have four bytes
    except PackedOtherwise as odd:
        raise click.UsageError(f"{name} {odd}") from odd


def _is_a_file(word: str) -> bool:
    """Who gives the name of a file that is there means what is in it. A code has no dot and no slash but in its end."""
    if not ("." in word or "/" in word) or "\0" in word:
        return False
    try:
        return Path(word).is_file()
    except OSError:  # longer than a name may be: a text
        return False
