"""The sandbox stays an independent judge: of the project it imports the catalogue and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import xlsx2opeasy.sandbox

FOLDER = Path(xlsx2opeasy.sandbox.__file__).parent
ALLOWED = ("xlsx2opeasy.spec", "xlsx2opeasy.sandbox")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(node.module or "")
    return found


def test_no_module_imports_another_room() -> None:
    modules = sorted(FOLDER.rglob("*.py"))
    assert len(modules) > 20
    for path in modules:
        own = {name for name in imports(path) if name.split(".")[0] == "xlsx2opeasy"}
        assert {name for name in own if not name.startswith(ALLOWED)} == set(), path.name


def test_importing_it_loads_no_other_room() -> None:
    program = (
        "import sys, xlsx2opeasy.sandbox.serve\n"
        "own = {n.split('.')[1] for n in sys.modules if n.startswith('xlsx2opeasy.')}\n"
        "assert own == {'sandbox', 'spec'}, own\n"
        "assert not {'pandas', 'openpyxl', 'pandera'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
