"""What is measured: each module has a `measure`, which returns its results."""
