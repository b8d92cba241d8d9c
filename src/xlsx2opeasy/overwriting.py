"""Files that exist are never overwritten unless somebody says so."""

from pathlib import Path

from xlsx2opeasy.errors import WorkbookUnusable


def require_overwritable(file: Path, *, replace: bool, inputs: tuple[str | Path | None, ...] = ()) -> None:
    """Raises WorkbookUnusable where `file` exists and may not be replaced; one of `inputs` never may."""
    if any(each is not None and _same(file, Path(each)) for each in inputs):
        raise WorkbookUnusable(
            f"{file} is what this command reads, and is not replaced", "choose another name"
        )
    if not replace and (file.exists() or file.is_symlink()):
        raise WorkbookUnusable(f"{file} exists and is not replaced", "choose another name, or add --force")


def _same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other)
    except OSError:
        return False
