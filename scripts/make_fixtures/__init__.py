"""Synthetic studies for fixtures/: smooth implicit shapes, written as the objects a scanner would send."""
