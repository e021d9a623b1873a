"""E-invoices after EN 16931: XRechnung and ZUGFeRD recognised, read, checked, compared, and written.

`examination` reads with factur-x, which takes half a second to load: only the examiner's process imports it.
"""
