"""Checks, converts and loads Excel workbooks into the Clearspan OpEasy Provisioning API.

The functions `check`, `convert`, `load`, `resume` and `template` are in `xlsx2opeasy.library`; the values,
errors and the API's client that go with them are the names of `__init__.pyi` (docs/library.md). Each is
imported when it is first used, so that importing the package, and with it `xlsx2opeasy --help`, stays quick.
"""

from typing import Any

__version__ = "0.2.0"


def _module_of() -> dict[str, str]:
    """The module of each public name, as type checkers read it in `__init__.pyi`."""
    import ast
    from pathlib import Path

    stub = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [each for each in stub.body if isinstance(each, ast.ImportFrom)]
    return {name.name: str(each.module) for each in imports for name in each.names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports a public name when it is first asked for; also `__all__`, which has all of them."""
    import importlib

    if name.startswith("__") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = _module_of()
    if name == "__all__":
        value: Any = sorted(modules)
    elif name in modules:
        value = getattr(importlib.import_module(modules[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted({*globals(), *_module_of()})
