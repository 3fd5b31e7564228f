"""From the bytes of a file to facts and stored values; the only layer that knows pydicom well."""
