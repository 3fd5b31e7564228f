"""How the lines begin that programs read: the viewer writes them, ``view()`` waits for them."""

URL_PREFIX = "dcmview: server running at "
ERROR_PREFIX = "dcmview: error: "
