"""The REST API: what every resource shares, and the resources of profiles."""
