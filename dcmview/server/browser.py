"""Open the page in the user's browser."""

from __future__ import annotations

import os
import subprocess
import sys
import threading


def open_browser(url: str) -> None:
    """Open a page where there is a screen, without waiting for it.

    In a process of its own: browsers write to the standard output that they
    are given, and must not end with our Ctrl+C. The address should hold no
    token, since every user of the computer can read command lines.
    """
    if not _has_screen():
        return
    opener = subprocess.Popen(
        # -P: a folder of data may hold a webbrowser.py of somebody else.
        [sys.executable, "-P", "-m", "webbrowser", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=opener.wait, name="dcmview-browser", daemon=True).start()


def _has_screen() -> bool:
    """Whether a browser has a place to open; one for text would take over the terminal."""
    if sys.platform in ("win32", "darwin") or os.environ.get("BROWSER"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
