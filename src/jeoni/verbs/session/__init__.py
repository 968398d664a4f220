"""The parts that verbs share: the run around a verb, its clock and record, and the reading of data by the options."""
