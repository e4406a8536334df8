"""The code behind script/bench: see Benchmarks/README.md."""
