"""Everything that leaves Aurora over HTTP: the guard on addresses, and the OAuth client that speaks through it."""
