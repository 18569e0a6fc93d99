"""Where work runs. `local` is a process pool; any engine gives the same result for the same input."""
