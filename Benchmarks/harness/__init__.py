"""What script/bench runs: see Benchmarks/README.md."""
