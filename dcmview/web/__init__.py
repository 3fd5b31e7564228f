"""The HTTP API and the page, on Starlette. Parse, call the library, respond."""
