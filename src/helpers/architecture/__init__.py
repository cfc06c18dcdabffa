"""What `helpers.specs` is made of: `parts` of a network, `network`, `catalogue`, `changes`."""
