"""Files from one transfer syntax to another, proven by decoding them back."""
