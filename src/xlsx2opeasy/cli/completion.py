"""`xlsx2opeasy completion SHELL`: the script that lets a shell complete commands, options, profiles and jobs.

bash, zsh and fish are click's own; PowerShell is added here in the same manner: the script calls the command
with `_XLSX2OPEASY_COMPLETE` set, and it answers with what fits. `cli.main` imports this module then.
"""

import os
import sys

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, get_completion_class

from xlsx2opeasy.cli.output import tell

PROGRAM = "xlsx2opeasy"
VARIABLE = "_XLSX2OPEASY_COMPLETE"
SHELLS = ("bash", "zsh", "fish", "powershell")
WHERE = {
    "bash": 'add to ~/.bashrc: eval "$(xlsx2opeasy completion bash)"',
    "zsh": 'add to ~/.zshrc: eval "$(xlsx2opeasy completion zsh)"',
    "fish": "save as ~/.config/fish/completions/xlsx2opeasy.fish",
    "powershell": "add to $PROFILE: xlsx2opeasy completion powershell | Out-String | Invoke-Expression",
}

_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() }
    $Env:%(complete_var)s = "powershell_complete"
    $Env:COMP_WORDS = $words -join "`n"
    $Env:COMP_CWORD = $wordToComplete
    try {
        %(prog_name)s | ForEach-Object {
            $kind, $value, $help = $_ -split "`t", 3
            if ($kind -eq "plain") {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
            }
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_CWORD -ErrorAction SilentlyContinue
    }
}
"""


class PowerShellComplete(ShellComplete):
    """PowerShell 5.1 and 7; where nothing fits, it completes file names by itself."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, without the program's name; and that one so far."""
        _, *words = os.environ["COMP_WORDS"].split("\n")
        incomplete = os.environ.get("COMP_CWORD", "")  # no such variable where it is empty
        if incomplete and words and words[-1] == incomplete:
            words.pop()
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Kind, value and help, with tabs between."""
        return f"{item.type}\t{item.value}\t{' '.join((item.help or '').split())}"


add_completion_class(PowerShellComplete)


@click.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that completes commands, options, profiles and jobs in SHELL when TAB is pressed.

    \b
    Examples:
      eval "$(xlsx2opeasy completion bash)"
      xlsx2opeasy completion fish > ~/.config/fish/completions/xlsx2opeasy.fish
      xlsx2opeasy completion powershell | Out-String | Invoke-Expression
    """
    made_by = get_completion_class(shell)
    assert made_by is not None
    root = click.get_current_context().find_root().command
    click.echo(made_by(root, {}, PROGRAM, VARIABLE).source())
    if sys.stdout.isatty():
        tell(f"To have it in every new shell: {WHERE[shell]}")
