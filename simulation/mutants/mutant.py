"""A bug that is put in on purpose: a small replacement of text in one module, as it is imported.

The files of the checkout are not changed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import types
    from collections.abc import Sequence


class MutantError(ValueError):
    """A mutant does not fit the source any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug.

    Attributes:
        name: What is wrong, in a few words.
        module: The module.
        text: What stands there, exactly once.
        instead: What is put in its place.
        profiles: The profiles that should see it, the one that should see it first in front.
        equivalent: Why nothing can see it; empty if it has to be seen.
    """

    name: str
    module: str
    text: str
    instead: str
    profiles: tuple[str, ...]
    equivalent: str = ""

    def applied(self, source: str) -> str:
        """Return the source of the module with the bug in it.

        Args:
            source: The source of the module.

        Raises:
            MutantError: The text does not stand there exactly once.
        """
        times = source.count(self.text)
        if times != 1:
            raise MutantError(f"{self.name}: its text stands {times} times in {self.module}")
        return source.replace(self.text, self.instead)

    def source(self) -> str:
        """Return the source of the module, as it is in the checkout.

        Raises:
            MutantError: There is no such module.
        """
        spec = importlib.util.find_spec(self.module)
        loader = spec.loader if spec else None
        if not isinstance(loader, importlib.abc.InspectLoader):
            raise MutantError(f"{self.name}: there is no source of {self.module}")
        return loader.get_source(self.module) or ""

    def install(self) -> None:
        """Have this process import the module with the bug in it.

        Raises:
            MutantError: It has been imported already, or the text does not stand there.
        """
        if self.module in sys.modules:
            raise MutantError(f"{self.name}: {self.module} has been imported already")
        sys.meta_path.insert(0, _Finder(self))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the module of a mutant, and nothing else."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return how the module is loaded; None for every other one."""
        if name != self._mutant.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(name, spec.origin, self._mutant)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module with a bug in it; its bytecode is not kept."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> Any:  # noqa: ANN401 - as importlib has it
        """Return the compiled source with the bug in it."""
        path = self.get_filename(fullname)
        source = self.get_data(path).decode()
        return self.source_to_code(self._mutant.applied(source).encode(), path)
