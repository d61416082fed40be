"""The whole pipeline on this machine: embedded AWS, real state machine, real handlers."""
