"""A witness of transparency logs (C2SP tlog-witness), of its own code down to the hashes: it is to be independent of whom it watches."""
