"""Looking at designs one by one: who judges them, and how a found one is made better."""
