"""The server process: its socket, its protocol and its end."""
