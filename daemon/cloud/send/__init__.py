"""What changes something: the one caller that can."""
