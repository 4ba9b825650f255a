"""The resolved model of a program: what every output is made from."""
