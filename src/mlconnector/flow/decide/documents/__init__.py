"""Documents: the file behind each booking is fetched or made, examined, and compared."""
