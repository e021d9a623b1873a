"""Agreement: charts, numbers and seeds that were agreed with the tax adviser, beside the connection file."""
