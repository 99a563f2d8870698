"""`python -m tools.linkcheck` follows the links of README and docs/ to other sites.

It needs the network, and is not in `make test`: a page of others may be down at any time. Links
inside the project are followed by tests/docs/test_site.py.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urldefrag

import requests

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((https?://(?:[^()\s]|\([^()\s]*\))+)\)|<(https?://[^>\s]+)>")
BLOCK = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
TIMEOUT_SECONDS = 30
AT_ONCE = 8
BROWSER = {"User-Agent": "Mozilla/5.0 (planhat-sync: check of links)", "Accept": "text/html,*/*"}
REFUSED = {401, 403, 405, 406, 418, 429}
"""The page may be there: some sites refuse programs."""


def links(text: str) -> set[str]:
    """Return the addresses of other sites to which a page links, without their anchors.

    Args:
        text: The page in Markdown. Addresses in blocks of code are examples.
    """
    found = LINK.findall(BLOCK.sub("", text))
    return {urldefrag(plain or pointed).url for plain, pointed in found}


def problem(address: str) -> str | None:
    """Return what is wrong with an address, or None.

    Args:
        address: An address of another site.
    """
    try:
        with requests.get(address, headers=BROWSER, timeout=TIMEOUT_SECONDS, stream=True) as answer:
            is_there = answer.ok or answer.status_code in REFUSED
            return None if is_there else f"{answer.status_code} {answer.reason}"
    except requests.RequestException as error:
        return type(error).__name__


def main() -> None:
    """Check every address, and exit with 1 if one leads nowhere."""
    pages: dict[str, list[str]] = {}
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for address in links(path.read_text("utf-8")):
            pages.setdefault(address, []).append(path.relative_to(ROOT).as_posix())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = dict(zip(pages, pool.map(problem, pages), strict=True))
    dead = [f"{pages[address][0]}: {address}: {what}" for address, what in wrong.items() if what]
    sys.stdout.write("".join(f"{line}\n" for line in dead))
    sys.exit(f"{len(dead)} of {len(pages)} links lead nowhere" if dead else 0)


if __name__ == "__main__":
    main()
