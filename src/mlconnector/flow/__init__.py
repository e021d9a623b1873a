"""The durable steps between a source and the books, and the engine that runs them."""
