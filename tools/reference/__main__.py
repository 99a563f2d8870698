"""`python -m tools.reference` writes the generated parts; `--check` names those that are stale.

The source is what the plugins' `--about --format=json` and the connectors' `spec` print, the files
in schemas/, and the sandbox's registries. What is outside the markers in a file is written by hand
and not changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from planhat_sync.models import load_models
from tools.reference import airbyte, coercions, meltano, models, modules, sandbox, tables
from tools.reference.settings import Plugin

ROOT = Path(__file__).parents[2]


def generated() -> dict[Path, str]:
    """Return every file with a generated part, as it should be."""
    tap, target = Plugin.ask("tap-planhat"), Plugin.ask("target-planhat")
    all_models = load_models().values()
    parts = {
        "docs/settings.md": {"settings": tables.settings_in_full(tap, target)},
        "docs/airbyte.md": {"airbyte": airbyte.differences(tap, target)},
        "docs/models.md": {"models": models.in_full(all_models)},
        "docs/coercions.md": {"coercions": coercions.table()},
        "docs/sandbox.md": {
            "sandbox-models": sandbox.models(),
            "faults": sandbox.faults(),
            "behaviours": sandbox.behaviours(),
            "controls": sandbox.controls(),
        },
        "docs/how-it-is-built.md": {name: modules.map_of(name) for name in modules.PACKAGES},
        "docs/adr/index.md": {"decisions": tables.decisions(ROOT / "docs" / "adr")},
        **_definitions_in_pages(tap, target),
        "meltano.yml": {plugin.name: meltano.for_project(plugin) for plugin in (tap, target)},
    }
    files = {ROOT / name: _filled(ROOT / name, texts) for name, texts in parts.items()}
    for kind, plugin in (("extractors", tap), ("loaders", target)):
        path = ROOT / "hub" / kind / plugin.name / "planhat-sync.yml"
        files[path] = meltano.for_hub(plugin)
    return files


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
