//! The data of COPY, as it streams: text, csv and binary, fields in, fields out. Pure.
