"""What the public may know of the use of people's data: numbers by month and agency that tell of nobody."""
