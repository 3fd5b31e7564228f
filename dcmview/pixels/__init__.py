"""From stored values to display values and encoded pictures, in numpy alone.

`pipeline` is the order of the stages, a file each. No data set comes here: a `DisplayRecipe` of
plain numbers says all that a picture depends on.
"""
