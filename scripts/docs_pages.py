"""What of the documentation is made and not written: the command line, options in Python, contributing, the changelog.

A hook of mkdocs (see ``mkdocs.yml``). The page of the command line comes from the commands themselves, so that it holds
what ``--help`` says; the options of a verb in Python come from its spec, where ``<!-- options of VERB -->`` stands; the
two others are the files in the root, with links that lead somewhere from within the site.

    python scripts/docs_pages.py        # print the page of the command line
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROOT_PAGES = {name: name.lower() for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")}
OTHERS = "Options"  # the heading of options that have none of their own

HEAD = """# Command line

What `jeoni VERB --help` says, on one page. Every verb's options are keywords in Python too, with underscores:
`--label-column` is `label_column=` ([Python](python.md)).
"""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    made = {"commands.md": commands_page()}
    for name, page in ROOT_PAGES.items():
        made[page] = _from_root((ROOT / name).read_text(encoding="utf-8"))
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turn links to files in the root into links to their pages, and fill in the options of verbs."""
    markdown = re.sub(r"\]\(\.\./(\w+\.md)", lambda found: f"]({ROOT_PAGES.get(found[1], found[1])}", markdown)
    return re.sub(r"<!-- options of (\w+) -->", lambda found: options_table(found[1]), markdown)


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Take Sphinx's roles, which docstrings hold, from before the code they mark."""
    return re.sub(r":(class|func|meth|mod|data):(?=<code>)", "", html)


def _from_root(markdown: str) -> str:
    """A file of the root, whose links to ``docs/`` lead from within it."""
    for name, page in ROOT_PAGES.items():
        markdown = markdown.replace(f"]({name}", f"]({page}")
    return markdown.replace("](docs/", "](").replace("[한국어](README.ko.md) · ", "")


def options_table(verb: str) -> str:
    """The keywords of a verb: name, type, what it does, default."""
    import jeoni
    from jeoni.specs.options import ordered_fields, type_name

    rows = ["| option | type | what it does | default |", "|---|---|---|---|"]
    for field in ordered_fields(getattr(jeoni, f"{verb.title().replace('_', '')}Spec")):
        choices = field.metadata["choices"]
        said = field.metadata["help"] + (f" One of: {', '.join(choices)}." if choices else "")
        default = "" if field.default is None else f"`{field.default!r}`"
        rows.append(f"| `{field.name}` | {type_name(field)} | {_cell(said)} | {default} |")
    return "\n".join(rows)


def commands_page() -> str:
    """The page of the command line: each verb with its arguments and options, under the headings of ``--help``."""
    from jeoni.cli import build_command

    group = build_command()
    parts = [HEAD]
    for name in group.list_commands(None):
        parts += _verb(name, group.get_command(None, name))
    return "\n".join(parts)


def _verb(name: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    usage = " ".join(_metavar(p) for p in arguments)
    yield f"\n## jeoni {name}\n"
    yield f"{_cell((command.help or '').partition(chr(10))[0])}\n"
    yield f"    jeoni {name} [OPTIONS] {usage}".rstrip() + "\n"
    if arguments:
        yield from _table("Arguments", [(_metavar(p), p.help or "", "") for p in arguments])
    if epilog := getattr(command, "epilog", None):
        yield "\n".join(f"    {line}" for line in epilog.splitlines()) + "\n"
    headings = dict.fromkeys(_heading(p) for p in options)
    for heading in headings:
        under = [p for p in options if _heading(p) == heading]
        yield from _table(heading, [(_flags(p), _about(p), _default(p)) for p in under])


def _metavar(argument: Any) -> str:
    name = argument.name.upper()
    return name if argument.required else f"[{name}]"


def _heading(option: Any) -> str:
    return getattr(option, "rich_help_panel", None) or OTHERS


def _flags(option: Any) -> str:
    return ", ".join([*option.opts, *option.secondary_opts])


def _about(option: Any) -> str:
    """Its help, and the choices where they stand in its metavar only."""
    choices = (option.metavar or "").strip("[]").split("|")
    return f"{option.help or ''} One of: {', '.join(choices)}." if len(choices) > 1 else option.help or ""


def _default(option: Any) -> str:
    """The default, where it says something."""
    value = option.default
    if value is None or value == "" or value is False or callable(value):
        return ""
    return "yes" if value is True else str(value)


def _table(heading: str, rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f"**{heading}**\n"
    yield "| name | what it does | default |\n|---|---|---|"
    for flags, text, default in rows:
        yield f"| `{flags}` | {_cell(text)} | {f'`{default}`' if default else ''} |"
    yield ""


def _cell(text: str) -> str:
    """One line without what would end a cell, or be taken for a tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(commands_page())
