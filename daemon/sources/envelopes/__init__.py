"""Physical lines of a log -> what the application printed: without what docker, CRI, journald, syslog, a shipper or a
viewer put around each line, in the encoding it was meant, and told apart by process.

The layer in front of everything: `explain` gives it whole texts, blocks.py the lines around a hit. line.py is what it
makes, table.py says which envelopes there are and opens them, one in another; streams.py puts the lines of each process
together again. encodings.py turns bytes into text before all that. Next: parsers/records.py, which finds where records
begin.
"""
