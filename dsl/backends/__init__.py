"""What the IR is turned into, one package for each kind of output."""
