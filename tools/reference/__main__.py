"""`python -m tools.reference` writes the generated parts; `--check` names those that are stale.

The source is what the plugins' `--about --format=json`, the connectors' `spec` and the `--help` of
all programs print, the files in schemas/, and the sandbox's registries. What is outside the markers
in a file is written by hand and not changed. A part may stand on any page: it is written wherever
its markers are.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from planhat_sync.models import load_models
from tools.reference import (
    coercions,
    command_line,
    connectors,
    meltano,
    models,
    modules,
    sandbox,
    settings_page,
    tables,
)
from tools.reference.settings import Plugin

ROOT = Path(__file__).parents[2]
BEGIN = re.compile(r"^<!-- ([\w-]+):begin -->$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def generated() -> dict[Path, str]:
    """Return every file with a generated part, as it should be."""
    tap, target = Plugin.ask("tap-planhat"), Plugin.ask("target-planhat")
    parts = {
        **_parts_of_pages(_markdown(tap, target)),
        **_definitions_in_pages(tap, target),
        "meltano.yml": {plugin.name: meltano.for_project(plugin) for plugin in (tap, target)},
    }
    files = {ROOT / name: _filled(ROOT / name, texts) for name, texts in parts.items()}
    for kind, plugin in (("extractors", tap), ("loaders", target)):
        path = ROOT / "hub" / kind / plugin.name / "planhat-sync.yml"
        files[path] = meltano.for_hub(plugin)
    return files


def _markdown(tap: Plugin, target: Plugin) -> dict[str, str]:
    """Return the generated parts of pages by their names; links in them start from docs/."""
    all_models = load_models().values()
    of_connectors = {
        name: connectors.settings_of(name) for name in settings_page.CONNECTORS.values()
    }
    return {
        "settings": settings_page.sections(tap, target, of_connectors),
        "models": models.table(all_models),
        "model-properties": models.sections(all_models),
        "command-line": command_line.sections(),
        "coercions": coercions.table(),
        "sandbox-models": sandbox.models(),
        "faults": sandbox.faults(),
        "behaviours": sandbox.behaviours(),
        "controls": sandbox.controls(),
        "decisions": tables.decisions(ROOT / "docs" / "adr"),
        **{name: modules.map_of(name) for name in modules.PACKAGES},
    }


def _parts_of_pages(texts: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the parts of each page that has the markers of some.

    Others are of no concern here: the benchmarks fill those of docs/performance.md.

    Args:
        texts: All parts, by their names.
    """
    parts: dict[str, dict[str, str]] = {}
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        page = path.relative_to(ROOT)
        names = [name for name in BEGIN.findall(path.read_text("utf-8")) if name in texts]
        if names:
            folder = page.parent.as_posix()
            parts[page.as_posix()] = {name: _linked_from(folder, texts[name]) for name in names}
    if unused := texts.keys() - {name for found in parts.values() for name in found}:
        sys.exit(f"no page has the markers of {', '.join(sorted(unused))}")
    return parts


def _linked_from(folder: str, text: str) -> str:
    """Return a part with its links as they are right on a page of a folder."""
    return LINK.sub(lambda found: f"]({posixpath.relpath(f'docs/{found[1]}', folder)}", text)


def _definitions_in_pages(*plugins: Plugin) -> dict[str, dict[str, str]]:
    """Return the settings that a meltano.yml in a page declares, for each page that has one."""
    definitions: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text("utf-8")
        parts = {
            plugin.name: meltano.for_page(plugin)
            for plugin in plugins
            if f"    # {plugin.name}:begin\n" in text
        }
        if parts:
            definitions[path.relative_to(ROOT).as_posix()] = parts
    return definitions


def _filled(path: Path, texts: dict[str, str]) -> str:
    """Put each text between the two lines that name it."""
    whole = path.read_text("utf-8")
    for name, text in texts.items():
        # A page may contain a meltano.yml with a part that is generated here.
        in_yaml = f"    # {name}:begin\n" in whole
        comment = ("    # {}", "") if in_yaml else ("<!-- {} -->", "\n")
        begin, end = (comment[0].format(f"{name}:{edge}") + "\n" for edge in ("begin", "end"))
        if whole.count(begin) != 1 or whole.count(end) != 1:
            sys.exit(
                f"{path.relative_to(ROOT)} needs the line {begin.strip()!r}, and {end.strip()!r}"
            )
        before, _, rest = whole.partition(begin)
        gap = comment[1]
        whole = f"{before}{begin}{gap}{text.rstrip()}\n{gap}{end}{rest.partition(end)[2]}"
    return whole


def main() -> None:
    """Write the generated parts, or check them and print what to do."""
    files = generated()
    stale = [
        path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        sys.exit(f"stale: {names}; run make reference" if stale else None)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], "utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
