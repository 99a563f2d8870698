"""`python -m reliability.fuzz [NAME [FILE]]`: all harnesses, one of them, or one input again."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from reliability.fuzz.mutations import Mutator
from reliability.fuzz.seeds import SEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FINDINGS = Path("fuzz-findings")
PACKAGES = ("planhat_sync", "planhat_singer", "tap_planhat", "target_planhat")
MOST_BYTES = 4096
ONE_INPUT_SECONDS = 20
_COUNT = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(prog="python -m reliability.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(SEEDS))
    parser.add_argument("file", nargs="?", type=Path, help="an input to repeat")
    parser.add_argument("--seconds", type=int, default=60, help="how long for each harness")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as-json", action=argparse.BooleanOptionalAction, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        import atheris  # noqa: F401, PLC0415 - only whether it is there
    except ImportError:
        version = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(f"fuzz: there is no atheris for Python {version} here: use 3.11 to 3.14\n")
        return 1
    if options.inside:
        return _fuzz(options.name, options.inside, options.seconds, as_json=options.as_json)
    if options.file:
        _harness(options.name)(options.file.read_bytes())
        return 0
    names = [options.name] if options.name else list(SEEDS)
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda name: _supervise(name, options.seconds), names))
    executions = sum(count for count, _ in results)
    found = sum(finding for _, finding in results)
    sys.stdout.write(f"{len(results)} harnesses, {executions:,} executions, {found} findings\n")
    return 1 if found else 0


def _supervise(name: str, seconds: int) -> tuple[int, bool]:
    """Run one harness in separate processes, and return what it found.

    Half of the time inputs are changed as bytes, which is how libFuzzer follows comparisons, and
    half as JSON: it does the one or the other.
    """
    FINDINGS.mkdir(exist_ok=True)
    began = time.monotonic()
    executions, failed = 0, False
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / f"seed-{number}").write_bytes(seed)
        for way in ("--as-json", "--no-as-json"):
            command = [sys.executable, "-m", "reliability.fuzz", name, "--inside", str(corpus), way]
            command += ["--seconds", str(max(1, seconds // 2))]
            ran = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - ourselves
            said = (ran.stderr + ran.stdout).decode(errors="replace")
            counted = _COUNT.search(said)
            executions += int(counted[1]) if counted else 0
            if ran.returncode:
                failed = True
                break
        kept = len(list(corpus.iterdir())) - len(SEEDS[name])
    sys.stdout.write(
        f"{'FOUND' if failed else 'ok':<6}{name:<9}{executions:>11,} executions in "
        f"{time.monotonic() - began:.0f} s, {kept} inputs that reach new code\n"
    )
    if failed:
        told = said[max(0, said.find(" === Uncaught")) :].splitlines()
        sys.stdout.write("".join(f"      {line}\n" for line in told[-25:]))
    sys.stdout.flush()
    return executions, failed


def _fuzz(name: str, corpus: Path, seconds: int, *, as_json: bool) -> int:
    """Run one harness in this process; it ends the process."""
    import atheris  # noqa: PLC0415 - only here, where it is there
    import singer_sdk  # noqa: F401, PLC0415 - not what is tried

    import planhat_sync.runtime.terminal  # noqa: F401, PLC0415 - before its importers are watched

    with atheris.instrument_imports(include=list(PACKAGES)):
        harness = _harness(name)
    tokens = corpus.parent / "words"
    words = {word for seed in SEEDS[name] for word in re.findall(rb'"[\w ]{1,40}"', seed)}
    tokens.write_text("".join(json.dumps(word.decode()) + "\n" for word in sorted(words)))
    options = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-timeout={ONE_INPUT_SECONDS}",
        *([f"-dict={tokens}"] if words else []),
        f"-artifact_prefix={FINDINGS}/{name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, harness, custom_mutator=Mutator(name) if as_json else None)
    atheris.Fuzz()
    return 0


def _harness(name: str) -> Callable[[bytes], None]:
    """Import a harness, and with it what it tries."""
    from reliability.fuzz import answers, mapping_input, tap_input, target_input  # noqa: PLC0415 - watched from here on

    if name == "lines":
        return target_input.Stdin()
    plain: dict[str, Callable[[bytes], None]] = {
        "catalog": tap_input.catalog,
        "state": tap_input.state,
        "pages": tap_input.pages,
        "answer": answers.answer,
        "entry": answers.entry,
        "config": answers.config,
        "fields": answers.fields,
        "header": answers.header,
        "mapping": mapping_input.mapping,
    }
    return plain[name]


if __name__ == "__main__":
    sys.exit(main())
