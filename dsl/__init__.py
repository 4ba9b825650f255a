"""vgs: a small language for hypervisor register sequences."""
