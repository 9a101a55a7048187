"""Training of videdit's own small networks, from scratch; never imported by videdit."""
