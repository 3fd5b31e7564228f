"""Frames as documents and pictures for other programs."""
