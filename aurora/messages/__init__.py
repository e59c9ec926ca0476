"""Messages to citizens: rows that the portal shows and that are e-mailed to who wants that."""
