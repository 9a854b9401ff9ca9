"""The code of the measured processes. It imports nothing that only the bench needs."""
