"""What authors of plug-ins test with: fakes, made-up clips, and the contract that the pipeline relies on."""
