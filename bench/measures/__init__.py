"""The measures. Each module has a function `measure`, which returns its results."""
