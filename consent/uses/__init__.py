"""What agencies say they used data for, held against what Aurora delivered to them."""
