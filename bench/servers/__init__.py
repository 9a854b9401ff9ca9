"""What runs inside the measured processes, and so imports nothing that only the bench needs."""
