"""Makes what images/tag/embedded/ runs: the networks, and the table of labels."""
