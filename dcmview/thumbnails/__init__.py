"""Small pictures of instances, and sheets of them."""
