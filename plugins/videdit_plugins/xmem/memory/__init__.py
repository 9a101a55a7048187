"""What XMem remembers: whole frames, and prototypes condensed from them."""
