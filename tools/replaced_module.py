"""Imports a module with another source than its file has. No file is changed.

The simulation and the mutation run both break code with it.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType


def replace_module(name: str, path: str, source: bytes) -> None:
    """Have this process import a module with another source.

    Args:
        name: The module. It must not have been imported yet.
        path: Its file, which tracebacks name.
        source: The source in place of that of the file.

    Raises:
        ImportError: It has been imported already.
    """
    if name in sys.modules:
        raise ImportError(f"{name} has been imported already", name=name, path=path)
    sys.meta_path.insert(0, _Finder(name, path, source))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module, and no other."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        self._name = name
        self._loader = _Loader(name, path, source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how the module is loaded; None for every other one."""
        del path, target
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self._loader)


class _Loader(SourceFileLoader):
    """Loads a source in place of a file, and neither reads nor writes its bytecode."""

    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source."""
        return compile(self._source, self.get_filename(fullname), "exec", dont_inherit=True)
