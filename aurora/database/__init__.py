"""Django's way to PostgreSQL, which opens no database that is half restored. `base` is what Django loads (`ENGINE`)."""
