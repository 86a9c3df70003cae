"""What a network says: parts, checks, changes, reading TOML, where numbers come from. Plain data, no inference."""
