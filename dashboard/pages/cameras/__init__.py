"""The pages of cameras: the list, one camera, its masks, the register, health, patrol (domain.md §9)."""
