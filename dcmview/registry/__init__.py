"""Find files, read their headers and keep what is known of them."""
