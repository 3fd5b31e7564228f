"""Endpoints by what they serve; the table of paths is in ``web/app.py``."""
