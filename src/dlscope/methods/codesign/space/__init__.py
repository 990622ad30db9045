"""What is searched: operations, the blocks that may be one of them, whole spaces, designs."""
