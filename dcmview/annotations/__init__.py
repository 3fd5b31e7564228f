"""Regions of interest: read, check, keep and write them. No pixels here."""
