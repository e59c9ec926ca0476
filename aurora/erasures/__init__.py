"""What became of a citizen's wish that data be erased: the row a worker finishes, its steps, its counts, and the certificate that stays."""
