"""The tracking stage: from prompts to the masks of whole shots."""
