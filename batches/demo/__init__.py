"""A few thousand customers as five systems would send them."""
