"""Synthetic studies for fixtures/: smooth shapes, written as the objects a scanner would send."""
