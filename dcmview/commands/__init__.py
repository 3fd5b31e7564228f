"""What each command does to a file, and the Python function of the same name.

Tasks for `bulk` on one side, what is made of all files together (sheet, archive, DICOMDIR) on
the other. Options and their help are not here but in `cli`, which calls these modules.
"""
