"""The command line: options, their checks, and what is written to the terminal.

`options` says what a command is; `view`, `render`, `thumbnail`, `transcode` and `overlay` are the
commands, found by `commands`; `plain` parses most lines and `main` the others, with typer. Work
is done elsewhere: in `commands` and `bulk` on files, in `server` for the viewer.
"""
