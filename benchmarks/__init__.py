"""This package beside other libraries on the same work: `python -m benchmarks`."""
