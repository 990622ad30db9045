"""Conformance suites, one class for each kind of plugin, for our plugins and yours."""
