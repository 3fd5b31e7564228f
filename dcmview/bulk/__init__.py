"""One task over many files, whatever the task: nothing here knows pixels.

`run` is the whole of it: `inputs` finds the files, `naming` gives each its output, `finished` tells
which of them are there, `executors` say where jobs run (`processes` on this computer), `task` is a
job in its process, `reporting` tells of the results. What is done to a file is for `commands`, what
a person reads on the screen for `cli`.
"""
