"""What several services share: lists by the page, and the transfer of objects."""
