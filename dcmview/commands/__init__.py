"""What the commands do to one file, and the functions of the same name."""
