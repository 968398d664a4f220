"""Ways of transferring with target labels: one file each; a frozen dataclass whose fields are its hyper-parameters."""
