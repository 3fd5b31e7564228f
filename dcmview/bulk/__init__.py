"""One task over many files: inputs, processes, names of outputs, progress and report."""
