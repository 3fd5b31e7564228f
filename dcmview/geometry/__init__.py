"""Planes, spacings and stacks of planes in the patient: plain numbers in, plain numbers out."""
