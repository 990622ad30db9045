"""Built-in manifests, finding them by name, and the files they point to."""
