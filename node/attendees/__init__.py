"""Attendee lists, read as the ticket tools export them.

Three steps, each a pure function: `reading.read_table` turns the bytes of a file into cells,
`columns.propose` says which column means what and whose address it holds, and
`rows.attendee_rows` says who is to be asked about, row by row. `report.write_report` writes the
outcome without a name in it.
"""
