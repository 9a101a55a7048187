"""The built-in tracker: flow, colour, memory and edges, combined pixel by pixel; nothing to download."""
